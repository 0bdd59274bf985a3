// The client libraries that people already use, unmodified, against the running site.
import { spawnSync } from 'node:child_process';
import { Site } from '../browser/site.mjs';

const checks = [
  ['Mattermost for Node', process.execPath, ['mattermost_check.mjs']],
  ['Mattermost for Python', process.env.PYTHON ?? 'python3', ['mattermost_check.py']],
];
const postgres = process.env.TEST_DATABASE_URL;
if (!postgres) throw new Error('TEST_DATABASE_URL is not set; run ./muster test, which sets it');

let passed = 0, failed = 0;
for (const [database, flags] of [['SQLite', []], ['PostgreSQL', ['--server.database-url', postgres]]]) {
  const site = await Site.start(flags);
  try {
    for (const [name, command, args] of checks) {
      const done = spawnSync(command, [...args, site.url], { stdio: 'inherit', timeout: 300_000, cwd: import.meta.dirname });
      const ok = done.status === 0;
      if (ok) passed += 1;
      else failed += 1;
      console.log(`${name} on ${database}: ${ok ? 'ok' : `FAILED (${done.error ?? done.signal ?? `exit code ${done.status}`})`}`);
    }
  } finally {
    await site.stop();
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
