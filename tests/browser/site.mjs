// A whole site on free loopback ports and a data folder of its own, started the way `./muster up` starts one.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const need = (name) => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run ./muster test, which sets it`);
  return value;
};

export async function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Waits until `check` gives something truthy; the last thing it gave is in the error. */
export async function until(what, check, timeoutMs = 60_000, everyMs = 200) {
  const deadline = Date.now() + timeoutMs;
  let last;
  for (;;) {
    try {
      last = await check();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`timed out after ${timeoutMs / 1000} s waiting for ${what}; last: ${last?.message ?? JSON.stringify(last)}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

export class Site {
  /** `extra`: further flags of `muster up`. */
  static async start(extra = []) {
    const site = new Site();
    site.data = mkdtempSync(join(tmpdir(), 'muster-story-'));
    const [server, rtcd, media, offloader, llm] = await Promise.all([1, 2, 3, 4, 5].map(freePort));
    site.url = `http://127.0.0.1:${server}`;
    site.llm = `http://127.0.0.1:${llm}`;
    site.args = [
      '--data', site.data, '--web-root', need('MUSTER_WEB_ROOT'), '--models-dir', need('MUSTER_MODELS_DIR'), '--fetch-models=false',
      '--server.listen-address', `127.0.0.1:${server}`, '--rtcd.listen-address', `127.0.0.1:${rtcd}`,
      '--rtcd.media-port-udp', String(media), '--rtcd.media-port-tcp', String(media),
      '--offloader.listen-address', `127.0.0.1:${offloader}`, '--llm.listen-address', `127.0.0.1:${llm}`, ...extra,
    ];
    site.said = '';
    site.process = spawn(join(need('MUSTER_BIN'), 'muster-supervisor'), ['up', ...site.args], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [site.process.stdout, site.process.stderr]) stream.on('data', (data) => { site.said += data; });
    site.process.once('exit', (code) => { site.ended = code ?? 'signal'; });
    await until('the site to be ready', () => {
      if (site.ended !== undefined) throw new Error(`the supervisor ended (${site.ended}): ${site.said}`);
      return site.said.includes('Muster is ready');
    }, 120_000);
    return site;
  }

  /** What `muster status --json` says. */
  async status() {
    const child = spawn(join(need('MUSTER_BIN'), 'muster-supervisor'), ['status', '--json', '--data', this.data], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    for await (const chunk of child.stdout) out += chunk;
    return JSON.parse(out);
  }

  async stop() {
    if (this.ended === undefined) {
      this.process.kill('SIGINT');
      await until('the site to stop', () => this.ended !== undefined, 30_000);
    }
    rmSync(this.data, { recursive: true, force: true });
  }
}

/** The chat server alone, for stories that need no other service; ready within a second or two. */
export class Server extends Site {
  static async start(extra = []) {
    const server = new Server();
    server.data = mkdtempSync(join(tmpdir(), 'muster-server-'));
    const port = await freePort();
    server.url = `http://127.0.0.1:${port}`;
    server.said = '';
    const args = ['--data-dir', server.data, '--web-root', need('MUSTER_WEB_ROOT'), '--listen-address', `127.0.0.1:${port}`, ...extra];
    server.process = spawn(join(need('MUSTER_BIN'), 'server'), args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [server.process.stdout, server.process.stderr]) stream.on('data', (data) => { server.said += data; });
    server.process.once('exit', (code) => { server.ended = code ?? 'signal'; });
    await until('the server to be healthy', async () => {
      if (server.ended !== undefined) throw new Error(`the server ended (${server.ended}): ${server.said}`);
      return (await fetch(`${server.url}/healthz`)).ok;
    });
    return server;
  }
}
