// OpenAI's own client libraries, unmodified, against a real llm and the real offloader that transcribes for it.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, need, until } from '../browser/site.mjs';

const models = need('MUSTER_MODELS_DIR'), speech = need('MUSTER_SPEECH_DIR');
const data = mkdtempSync(join(tmpdir(), 'muster-openai-'));
const running = [];

async function service(name, flags) {
  const address = `127.0.0.1:${await freePort()}`;
  const process = spawn(join(need('MUSTER_BIN'), name), ['--listen-address', address, '--models-dir', models, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '', ended;
  for (const stream of [process.stdout, process.stderr]) stream.on('data', (text) => { said += text; });
  process.once('error', (error) => { ended = error.message; });
  process.once('exit', (code, signal) => { ended = `ended (${signal ?? `exit code ${code}`})`; });
  running.push({ stop: () => process.kill('SIGTERM'), ended: () => ended !== undefined });
  await until(`${name} to be ready`, async () => ended !== undefined || (await fetch(`http://${address}/readyz`)).ok, 120_000);
  if (ended !== undefined) throw new Error(`${name} ${ended}: ${said}`);
  return `http://${address}`;
}

let passed = 0, failed = 0;
try {
  const offloader = await service('offloader', ['--data-dir', data]);
  const llm = await service('llm', ['--offloader-url', offloader]);
  const checks = [
    ['OpenAI for Node', process.execPath, 'openai_check.mjs'],
    ['OpenAI for Python', process.env.PYTHON ?? 'python3', 'openai_check.py'],
  ];
  for (const [name, command, script] of checks) {
    const done = spawnSync(command, [script, llm, speech], { stdio: 'inherit', timeout: 600_000, cwd: import.meta.dirname });
    const ok = done.status === 0;
    if (ok) passed += 1;
    else failed += 1;
    console.log(`${name}: ${ok ? 'ok' : `FAILED (${done.error ?? done.signal ?? `exit code ${done.status}`})`}`);
  }
} finally {
  for (const process of running) process.stop();
  await until('llm and offloader to stop', () => running.every((process) => process.ended()), 30_000);
  rmSync(data, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
