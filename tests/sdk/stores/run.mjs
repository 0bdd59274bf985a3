// A day of files on the real server, kept on stand-ins for S3 (moto) and Azure Blob (azurite) on loopback.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, need, until } from '../../browser/site.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const fixture = (path) => readFileSync(join(here, '../../../server', path));
const python = process.env.PYTHON ?? 'python3';
const binary = join(need('MUSTER_BIN'), 'server');

const answers = (url, child) => until(`${url} to answer`, () => {
  if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
  return fetch(url);
}, 60_000, 100);

function start(folder, name, command, args, env = {}) {
  const log = openSync(join(folder, `${name}.log`), 'a');
  return spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', log, log], cwd: folder });
}

const stop = (child) => new Promise((resolve) => {
  if (child.exitCode !== null || child.signalCode !== null) return resolve();
  child.once('exit', resolve);
  child.kill('SIGTERM');
});

async function s3(folder) {
  const port = await freePort();
  const child = start(folder, 'moto', python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)]);
  const endpoint = `http://127.0.0.1:${port}`;
  await answers(endpoint, child);
  const made = await fetch(`${endpoint}/muster`, { method: 'PUT' });
  assert.equal(made.status, 200, 'the bucket is made');
  const list = async () => (await (await fetch(`${endpoint}/muster?list-type=2&prefix=site%2Fblobs%2F`)).text());
  return {
    child,
    blobs: async () => (await list()).match(/<Key>/g)?.length ?? 0,
    settings: { STORE: 's3', BUCKET: 'muster', PREFIX: 'site', ENDPOINT: endpoint, REGION: 'us-east-1', ACCESS_KEY: 'key', SECRET_KEY: 'secret' },
  };
}

// Azurite's well-known account; it is in Microsoft's documentation and opens nothing else.
const ACCOUNT = 'devstoreaccount1';
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

async function azure(folder) {
  const port = await freePort();
  const main = join(here, 'node_modules/azurite/dist/src/blob/main.js');
  const args = [main, '--blobHost', '127.0.0.1', '--blobPort', String(port), '--skipApiVersionCheck', '--location', folder];
  const child = start(folder, 'azurite', process.execPath, args, { AZURITE_TELEMETRY_DISABLED: 'true' });
  const endpoint = `http://127.0.0.1:${port}/${ACCOUNT}`;
  await answers(endpoint, child);
  // Shared Key, as the service's documentation has it.
  const signed = async (method, query) => {
    const headers = { 'x-ms-date': new Date().toUTCString(), 'x-ms-version': '2021-08-06' };
    const names = Object.keys(headers).map((name) => `${name}:${headers[name]}\n`).join('');
    const asked = Object.keys(query).sort().map((name) => `\n${name}:${query[name]}`).join('');
    const text = `${method}\n\n\n\n\n\n\n\n\n\n\n\n${names}/${ACCOUNT}/${ACCOUNT}/muster${asked}`;
    const signature = createHmac('sha256', Buffer.from(KEY, 'base64')).update(text, 'utf8').digest('base64');
    headers.authorization = `SharedKey ${ACCOUNT}:${signature}`;
    return fetch(`${endpoint}/muster?${new URLSearchParams(query)}`, { method, headers });
  };
  const made = await signed('PUT', { restype: 'container' });
  assert.equal(made.status, 201, `the container is made: ${await made.text()}`);
  const list = async () => (await signed('GET', { restype: 'container', comp: 'list', prefix: 'site/blobs/' })).text();
  return {
    child,
    blobs: async () => (await list()).match(/<Name>/g)?.length ?? 0,
    settings: { STORE: 'azure', BUCKET: 'muster', PREFIX: 'site', ENDPOINT: endpoint, ACCESS_KEY: ACCOUNT, SECRET_KEY: KEY },
  };
}

class Ana {
  constructor(url) {
    this.url = `${url}/api/v4`;
    this.headers = {};
  }

  async ask(method, path, body, headers = {}) {
    const raw = Buffer.isBuffer(body) || body === undefined;
    const all = { 'content-type': raw ? 'application/octet-stream' : 'application/json', ...this.headers, ...headers };
    return fetch(this.url + path, { method, headers: all, body: raw ? body : JSON.stringify(body) });
  }

  async ok(method, path, body) {
    const answer = await this.ask(method, path, body);
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  async arrive() {
    await this.ok('POST', '/users', { username: 'ana', email: 'ana@site.example', password: 'Correct-horse-9' });
    const login = await this.ask('POST', '/users/login', { login_id: 'ana', password: 'Correct-horse-9' });
    this.headers.authorization = `Bearer ${login.headers.get('token')}`;
    const team = await this.ok('POST', '/teams', { name: 'field', display_name: 'Field', type: 'O' });
    this.square = (await this.ok('GET', `/teams/${team.id}/channels/name/town-square`)).id;
  }

  async upload(name, bytes) {
    const done = await this.ok('POST', `/files?channel_id=${this.square}&filename=${name}`, bytes);
    return done.file_infos[0];
  }

  async bytes(path, headers) {
    const answer = await this.ask('GET', path, undefined, headers);
    return [answer.status, Buffer.from(await answer.arrayBuffer())];
  }
}

async function day(ana, store) {
  assert.equal((await ana.ok('POST', '/file/test', {})).status, 'OK', 'the system console finds it working');

  // Larger than one part, so that it goes there in several.
  const film = randomBytes(12 << 20);
  const info = await ana.upload('film.mp4', film);
  const path = `/files/${info.id}`;
  assert.deepEqual(await ana.bytes(path), [200, film], 'the same bytes come back');
  assert.deepEqual(await ana.bytes(path, { range: 'bytes=6000000-6000099' }), [206, film.subarray(6_000_000, 6_000_100)], 'a range');
  assert.deepEqual(await ana.bytes(path, { range: 'bytes=-5' }), [206, film.subarray(-5)], 'the end');
  const head = await ana.ask('HEAD', path);
  assert.equal(head.headers.get('content-length'), String(film.length), 'HEAD');
  assert.equal((await ana.bytes(path, { 'if-none-match': head.headers.get('etag') }))[0], 304, 'nothing new');

  const before = await store.blobs();
  assert.ok(before >= 1, 'it is in the store');
  const copy = await ana.upload('copy.mp4', film);
  assert.equal(await store.blobs(), before, 'the same bytes are kept once');
  assert.deepEqual((await ana.bytes(`/files/${copy.id}`))[1].length, film.length);

  const photo = await ana.upload('photo.jpg', fixture('pictures/tests/fixtures/place.jpg'));
  assert.equal(photo.has_preview_image, true);
  assert.equal((await ana.bytes(`/files/${photo.id}/preview`))[1].subarray(0, 2).toString('hex'), 'ffd8', 'a preview');
  assert.ok(!(await ana.bytes(`/files/${photo.id}`))[1].includes('GPSLatitude'), 'the place is blanked');

  // In two requests, as over a shaky line.
  const talk = randomBytes(9 << 20);
  const session = await ana.ok('POST', '/uploads', { channel_id: ana.square, filename: 'talk.webm', file_size: talk.length });
  assert.equal((await ana.ask('POST', `/uploads/${session.id}`, talk.subarray(0, 5 << 20))).status, 204);
  assert.equal((await ana.ok('GET', `/uploads/${session.id}`)).file_offset, 5 << 20);
  const whole = await ana.ok('POST', `/uploads/${session.id}`, talk.subarray(5 << 20));
  assert.deepEqual((await ana.bytes(`/files/${whole.id}`))[1], talk, 'resumed');

  const report = await ana.upload('report.pdf', fixture('documents/tests/fixtures/report.pdf'));
  await ana.ok('POST', '/posts', { channel_id: ana.square, message: 'the report', file_ids: [report.id] });
  const found = async () => (await ana.ok('POST', '/files/search', { terms: 'chlorine' })).order.length === 1;
  await until('the words of a document to be found', found);

  await stop(store.child);
  const away = await ana.ask('POST', '/file/test', {});
  assert.equal(away.status, 500, 'the system console hears that it is away');
  assert.equal((await away.json()).id, 'api.file.test_connection.app_error');
  assert.equal((await ana.ask('GET', path)).status, 500, 'a download fails and does not hang');
}

let passed = 0, failed = 0;
for (const [name, stand] of [['S3', s3], ['Azure Blob', azure]]) {
  const folder = mkdtempSync(join(tmpdir(), 'muster-stores-'));
  const children = [];
  try {
    const store = await stand(folder);
    children.push(store.child);
    const port = await freePort();
    const env = { MUSTER_SERVER_LISTEN_ADDRESS: `127.0.0.1:${port}`, MUSTER_SERVER_DATA_DIR: join(folder, 'data'), MUSTER_SERVER_FILES__ALLOW_HTTP: 'true' };
    for (const [key, value] of Object.entries(store.settings)) env[`MUSTER_SERVER_FILES__${key}`] = value;
    const server = start(folder, 'server', binary, [], env);
    children.push(server);
    await answers(`http://127.0.0.1:${port}/readyz`, server);
    const ana = new Ana(`http://127.0.0.1:${port}`);
    await ana.arrive();
    await day(ana, store);
    passed += 1;
    console.log(`files on ${name}: ok`);
  } catch (error) {
    failed += 1;
    console.log(`files on ${name}: FAILED (${error.stack})`);
    for (const log of ['server', 'moto', 'azurite']) {
      try {
        console.log(`--- ${log}\n${readFileSync(join(folder, `${log}.log`), 'utf8').slice(-3000)}`);
      } catch { /* it was not started */ }
    }
  } finally {
    for (const child of children) await stop(child);
    rmSync(folder, { recursive: true, force: true });
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
