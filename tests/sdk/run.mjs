// The client libraries that people already use, unmodified, against the running site.
import { spawnSync } from 'node:child_process';
import { Site } from '../browser/site.mjs';

const checks = [
  ['Mattermost for Node', process.execPath, ['mattermost_check.mjs']],
  ['Mattermost for Python', process.env.PYTHON ?? 'python3', ['mattermost_check.py']],
  ['mattermost-redux', process.execPath, ['redux_check.mjs']],
  ['mmpy_bot', process.env.PYTHON_BOTS ?? 'python3', ['mmpy_bot_check.py']],
  ['mattermostdriver and matterhook', process.env.PYTHON_BOTS ?? 'python3', ['mattermostdriver_check.py']],
];

/** The first account administers the site; its token, for the checks that make bots. */
async function administrator(url) {
  const send = (path, body) => fetch(`${url}/api/v4${path}`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), signal: AbortSignal.timeout(30_000),
  });
  const password = 'Correct-horse-9';
  const made = await send('/users', { username: 'admin', email: 'admin@site.example', password });
  if (!made.ok) throw new Error(`the administrator's account: ${await made.text()}`);
  const login = await send('/users/login', { login_id: 'admin', password });
  return login.headers.get('token');
}
const postgres = process.env.TEST_DATABASE_URL;
if (!postgres) throw new Error('TEST_DATABASE_URL is not set; run ./muster test, which sets it');

let passed = 0, failed = 0;
for (const [database, flags] of [['SQLite', []], ['PostgreSQL', ['--server.database-url', postgres]]]) {
  // The bots' own web servers are on loopback, which a site calls only when it is told so.
  const site = await Site.start([...flags, '--server.integrations.allowed-addresses', '127.0.0.1']);
  try {
    const env = { ...process.env, ADMIN_TOKEN: await administrator(site.url) };
    for (const [name, command, args] of checks) {
      const done = spawnSync(command, [...args, site.url], { stdio: 'inherit', timeout: 300_000, env, cwd: import.meta.dirname });
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
