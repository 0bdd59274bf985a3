// Single sign-on on the real server, with the OpenID-certified `oidc-provider` as the provider: browsers with cookies that
// follow every redirect and fill in its forms, and the two kinds of apps that hand the login to a browser.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';
import { freePort, Server, until } from '../browser/site.mjs';

const PASSWORD = 'Correct-horse-9';
const people = {
  alice: { email: 'alice@mp.example', given_name: 'Alice', family_name: 'Abel', preferred_username: 'alice@mp.example', groups: ['ops'] },
  bruno: { email: 'bruno@mp.example', name: 'Bruno Baum', groups: ['ops', 'admins'] },
  carol: { email: 'carol@site.example', preferred_username: 'carol' },
  dana: { email: 'dana@mp.example', preferred_username: 'dana', groups: ['partners'] },
};

/** A provider that can lose its keys and go away. */
class Idp {
  constructor(port) {
    this.issuer = `http://127.0.0.1:${port}`;
    this.port = port;
  }

  async start(site) {
    this.site = site;
    this.renewKeys();
    this.server = createServer((request, response) => this.answer(request, response));
    await new Promise((done) => this.server.listen(this.port, '127.0.0.1', done));
  }

  renewKeys() {
    const kid = randomBytes(6).toString('hex');
    const key = { ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' };
    const client = (id, service) => ({
      client_id: id, client_secret: `${id}-secret-of-the-site`, redirect_uris: [`${this.site}/signup/${service}/complete`],
      response_types: ['code'], grant_types: ['authorization_code'],
    });
    const provider = new Provider(this.issuer, {
      clients: [client('muster', 'openid'), { ...client('lab', 'gitlab'), token_endpoint_auth_method: 'client_secret_post' }],
      jwks: { keys: [key] },
      claims: { openid: ['sub', 'oid'], email: ['email', 'email_verified'], profile: ['name', 'given_name', 'family_name', 'preferred_username', 'groups'] },
      pkce: { required: () => true },
      features: { devInteractions: { enabled: true } },
      cookies: { keys: ['a key of the test'] },
      findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, oid: `oid-${id}`, email_verified: true, ...people[id] }) }),
    });
    this.answer = provider.callback();
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}

/** A browser: cookies per host and port, redirects followed one by one. */
class Browser {
  jar = new Map();

  cookies(url) {
    const { host } = new URL(url);
    if (!this.jar.has(host)) this.jar.set(host, new Map());
    return this.jar.get(host);
  }

  async request(url, options = {}) {
    const cookies = this.cookies(url);
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...options.headers, ...(cookie && { cookie }) };
    const response = await fetch(url, { ...options, headers, redirect: 'manual', signal: AbortSignal.timeout(30_000) });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value === '' || /max-age=0/i.test(line) || /expires=Thu, 01 Jan 1970/i.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  }

  /** Goes to `url` and on as `who`, until a page that is no form of the provider, or an address for which `stop` holds. */
  async go(url, who, stop = () => false) {
    for (let hop = 0; hop < 20; hop += 1) {
      if (stop(url)) return { url, text: '' };
      const response = await this.request(url);
      const location = response.headers.get('location');
      if (location) {
        url = new URL(location, url).href;
        continue;
      }
      const text = await response.text();
      const action = /<form[^>]*action="([^"]+)"/.exec(text)?.[1];
      const prompt = /name="prompt" value="([^"]+)"/.exec(text)?.[1];
      if (!action || !prompt) return { url, text, status: response.status };
      const posted = await this.request(new URL(action, url).href, { method: 'POST', body: new URLSearchParams({ prompt, login: who, password: 'x' }) });
      url = new URL(posted.headers.get('location'), url).href;
    }
    throw new Error(`too many redirects, now at ${url}`);
  }

  copy() {
    const copy = new Browser();
    for (const [host, cookies] of this.jar) copy.jar.set(host, new Map(cookies));
    return copy;
  }
}

const back = (url) => /\/signup\/\w+\/complete/.test(url);
const query = (url) => Object.fromEntries(new URL(url).searchParams);
const sha = (text) => createHash('sha256').update(text).digest('base64url');

class Story {
  constructor(site) {
    this.site = site;
  }

  login(service = 'openid', rest = '') {
    return `${this.site}/oauth/${service}/login${rest}`;
  }

  async api(method, path, body, token, browser) {
    const headers = { 'content-type': 'application/json', 'x-requested-with': 'XMLHttpRequest', ...(token && { authorization: `Bearer ${token}` }) };
    const options = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const response = await (browser ?? new Browser()).request(`${this.site}/api/v4${path}`, options);
    return { status: response.status, token: response.headers.get('token'), body: await response.json() };
  }

  /** Who is logged in in this browser. */
  async me(browser) {
    return this.api('GET', '/users/me', undefined, undefined, browser);
  }

  /** A browser in which `who` has logged in, and where it ended. */
  async arrive(who, service = 'openid', rest = '') {
    const browser = new Browser();
    const page = await browser.go(this.login(service, rest), who);
    return { browser, page, ...(await this.me(browser)) };
  }

  /** The word for which a login was refused. */
  async refused(who, browser = new Browser(), start = this.login()) {
    const { url } = await browser.go(start, who);
    assert.match(url, /\/login\?sso_error=/, url);
    assert.equal((await this.me(browser)).status, 401, 'nobody is logged in');
    return query(url).sso_error;
  }
}

const steps = {
  async 'clients are told of the services'({ story }) {
    const { body } = await story.api('GET', '/config/client?format=old');
    assert.deepEqual([body.EnableSignUpWithOpenId, body.OpenIdButtonText, body.EnableSignUpWithGitLab], ['true', 'Clinic', 'true']);
    assert.equal(body.EnableSignUpWithGoogle, 'false');
  },

  async 'the first login makes an account, the second finds it'({ story, seen }) {
    const first = await story.arrive('alice', 'openid', '?redirect_to=/field/channels/town-square');
    assert.equal(new URL(first.page.url).pathname, '/field/channels/town-square');
    const { username, auth_service, auth_data, first_name, last_name, email, email_verified, roles } = first.body;
    assert.deepEqual({ username, auth_service, auth_data, first_name, last_name, email, email_verified, roles }, {
      username: 'alice', auth_service: 'openid', auth_data: 'alice', first_name: 'Alice', last_name: 'Abel', email: 'alice@mp.example',
      email_verified: true, roles: 'system_user',
    });
    assert.equal((await story.arrive('alice')).body.id, first.body.id);
    seen.alice = first.body.id;
    const elsewhere = await story.arrive('alice', 'openid', '?redirect_to=https://evil.example');
    assert.equal(new URL(elsewhere.page.url).origin, story.site);
  },

  async 'the same person at another service is somebody else, with roles and names from claims'({ story }) {
    const admin = await story.arrive('bruno', 'gitlab');
    assert.deepEqual([admin.body.auth_service, admin.body.auth_data, admin.body.username], ['gitlab', 'oid-bruno', 'bruno']);
    assert.deepEqual([admin.body.first_name, admin.body.last_name, admin.body.roles], ['Bruno', 'Baum', 'system_admin system_user']);
    const guest = await story.arrive('dana', 'gitlab');
    assert.equal(guest.body.roles, 'system_guest');
    assert.equal(await story.refused('bruno'), 'email_taken');
  },

  async 'an answer ends the login that this browser began, once'({ story }) {
    const browser = new Browser();
    const { url } = await browser.go(story.login(), 'alice', back);
    const twin = browser.copy();
    const changed = url.replace(/state=./, (text) => (text === 'state=x' ? 'state=y' : 'state=x'));
    assert.equal(await story.refused('alice', browser.copy(), changed), 'state');
    assert.equal(await story.refused('alice', new Browser(), url), 'state', 'another browser');
    assert.equal(await story.refused('alice', browser.copy(), url.replace('/openid/', '/gitlab/')), 'state', 'another service');
    await browser.go(url, 'alice');
    assert.equal((await story.me(browser)).status, 200);
    assert.equal(await story.refused('alice', twin, url), 'state', 'a second time');
    const again = new Browser();
    const other = await again.go(story.login(), 'alice', back);
    const stale = new URL(other.url);
    stale.searchParams.set('code', query(url).code);
    assert.equal(await story.refused('alice', again, stale.href), 'token', 'a code that was used');
    assert.equal(await story.refused('alice', new Browser(), `${story.site}/oauth/saml/login`), 'no_service');
  },

  async 'somebody who says no at the provider is told so'({ story }) {
    const browser = new Browser();
    const { url } = await browser.go(story.login(), 'alice', (at) => at.includes('/interaction/'));
    const { url: answered } = await browser.go(`${url}/abort`, 'alice');
    assert.equal(query(answered).sso_error, 'refused');
  },

  async 'the desktop app gets its session once'({ story, seen }) {
    const mine = randomBytes(32).toString('hex');
    const { browser, page, status } = await story.arrive('alice', 'openid', `?desktop_token=${mine}`);
    assert.equal(status, 401, 'the browser is not logged in');
    assert.equal(new URL(page.url).pathname, '/login/desktop');
    const { client_token, server_token } = query(page.url);
    assert.equal(client_token, mine);
    assert.equal((await story.api('POST', '/users/login/desktop_token', { token: mine })).status, 401);
    const redeemed = await story.api('POST', '/users/login/desktop_token', { token: server_token, deviceId: '' }, undefined, browser);
    assert.deepEqual([redeemed.status, redeemed.body.id], [200, seen.alice]);
    assert.equal((await story.api('GET', '/users/me', undefined, redeemed.token)).body.id, seen.alice);
    assert.equal((await story.me(browser)).body.id, seen.alice, 'and cookies');
    assert.equal((await story.api('POST', '/users/login/desktop_token', { token: server_token })).status, 401);
  },

  async 'a mobile app gets its session, or a code that only it can use'({ story, seen }) {
    const mobile = (rest) => `${story.site}/oauth/openid/mobile_login?redirect_to=${encodeURIComponent('mmauth://callback')}${rest}`;
    const handed = async (rest = '') => {
      const { text } = await new Browser().go(mobile(rest), 'alice');
      const link = /href="([^"]+)"/.exec(text)[1].replaceAll('&amp;', '&');
      assert.ok(link.startsWith('mmauth://callback?'), link);
      return query(link);
    };
    const direct = await handed();
    assert.equal((await story.api('GET', '/users/me', undefined, direct.MMAUTHTOKEN)).body.id, seen.alice);
    assert.equal(direct.srv, story.site);
    const verifier = randomBytes(48).toString('base64url'), state = randomBytes(12).toString('hex');
    const rest = `&state=${state}&code_challenge=${sha(verifier)}&code_challenge_method=S256`;
    const exchange = (login_code, code_verifier, said = state) => story.api('POST', '/users/login/sso/code-exchange', { login_code, code_verifier, state: said });
    const lost = await handed(rest);
    assert.equal(lost.MMAUTHTOKEN, undefined);
    assert.equal((await exchange(lost.login_code, 'somebody-elses-verifier')).status, 400);
    assert.equal((await exchange(lost.login_code, verifier)).status, 400, 'a failed attempt uses it up');
    assert.equal((await exchange((await handed(rest)).login_code, verifier, 'another')).status, 400);
    const done = await exchange((await handed(rest)).login_code, verifier);
    assert.deepEqual([done.status, Object.keys(done.body)], [200, ['token', 'csrf']]);
    assert.equal((await story.api('GET', '/users/me', undefined, done.body.token)).body.id, seen.alice);
    for (const elsewhere of ['https://evil.example/', 'evil://callback']) {
      const start = `${story.site}/oauth/openid/mobile_login?redirect_to=${encodeURIComponent(elsewhere)}`;
      assert.equal(await story.refused('alice', new Browser(), start), 'app');
    }
  },

  async 'an account with a password is never taken over, and is switched by its owner'({ story }) {
    assert.equal(await story.refused('carol'), 'email_taken');
    const login = (password) => story.api('POST', '/users/login', { login_id: 'carol', password });
    const carol = (await login(PASSWORD)).body.id;
    const browser = new Browser();
    const to = { current_service: 'email', new_service: 'openid', email: 'carol@site.example' };
    assert.equal((await story.api('POST', '/users/login/switch', { ...to, password: 'wrong-horse-9' }, undefined, browser)).status, 401);
    const begun = await story.api('POST', '/users/login/switch', { ...to, password: PASSWORD }, undefined, browser);
    assert.equal(begun.status, 200, JSON.stringify(begun.body));
    assert.match(begun.body.follow_link, /\/oauth\/openid\/login\?action=email_to_sso$/);
    assert.equal(await story.refused('carol', new Browser(), begun.body.follow_link), 'state', 'another browser');
    assert.equal(await story.refused('alice', browser.copy(), begun.body.follow_link), 'taken', 'an identity that opens another account');
    const { url } = await browser.go(begun.body.follow_link, 'carol');
    assert.equal(query(url).extra, 'signin_change');
    const switched = await story.arrive('carol');
    assert.deepEqual([switched.body.id, switched.body.auth_service], [carol, 'openid']);
    assert.equal((await login(PASSWORD)).status, 401);

    const home = { current_service: 'openid', new_service: 'email', email: 'carol@site.example', new_password: 'Another-horse-9' };
    assert.equal((await story.api('POST', '/users/login/switch', home)).status, 401, 'only who is logged in');
    assert.equal((await story.api('POST', '/users/login/switch', home, undefined, switched.browser)).status, 200);
    assert.equal((await story.me(switched.browser)).status, 401, 'every session ended');
    assert.equal((await login('Another-horse-9')).body.id, carol);
    assert.equal(await story.refused('carol'), 'email_taken');
  },

  async 'a key that the provider has just changed is looked for'({ story, idp, seen }) {
    idp.renewKeys();
    const { body } = await until('the new key to be taken', async () => {
      const arrived = await story.arrive('alice');
      return arrived.status === 200 && arrived;
    });
    assert.equal(body.id, seen.alice);
  },

  async 'a deactivated account stays shut, and the audit says so'({ story, admin, seen }) {
    assert.equal((await story.api('PUT', `/users/${seen.alice}/active`, { active: false }, admin)).status, 200);
    assert.equal(await story.refused('alice'), 'inactive');
    const { body } = await story.api('GET', `/users/${seen.alice}/audits`, undefined, admin);
    const said = body.filter((row) => row.action === '/api/v4/users/login').map((row) => row.extra_info);
    assert.equal(said[0], 'fail: inactive service=openid', said.join('\n'));
    assert.ok(said.includes('success service=openid'));
  },

  async 'a provider that is away is named as that'({ story, idp }) {
    const browser = new Browser();
    const { url } = await browser.go(story.login(), 'carol', back);
    await idp.stop();
    assert.equal(await story.refused('carol', browser, url), 'unavailable');
  },
};

const postgres = process.env.TEST_DATABASE_URL;
if (!postgres) throw new Error('TEST_DATABASE_URL is not set; run ./muster test, which sets it');
let passed = 0, failed = 0;
for (const [database, flags] of [['SQLite', []], ['PostgreSQL', ['--database-url', postgres]]]) {
  const idp = new Idp(await freePort());
  const server = await Server.start([
    ...flags, '--sso.openid.issuer', idp.issuer, '--sso.openid.allow-http=true', '--sso.openid.client-id', 'muster',
    '--sso.openid.client-secret', 'muster-secret-of-the-site', '--sso.openid.button-text', 'Clinic',
    '--sso.gitlab.issuer', idp.issuer, '--sso.gitlab.allow-http=true', '--sso.gitlab.client-id', 'lab', '--sso.gitlab.client-secret',
    'lab-secret-of-the-site', '--sso.gitlab.id-claim', 'oid', '--sso.gitlab.admin-values', 'admins', '--sso.gitlab.guest-values', 'partners',
  ]);
  try {
    await idp.start(server.url);
    const story = new Story(server.url);
    for (const name of ['admin', 'carol']) {
      const made = await story.api('POST', '/users', { username: name, email: `${name}@site.example`, password: PASSWORD });
      assert.equal(made.status, 201, JSON.stringify(made.body));
    }
    const admin = (await story.api('POST', '/users/login', { login_id: 'admin', password: PASSWORD })).token;
    const context = { story, idp, admin, seen: {} };
    for (const [name, step] of Object.entries(steps)) {
      try {
        await step(context);
        passed += 1;
      } catch (error) {
        failed += 1;
        console.log(`${database}: ${name}: FAILED: ${error.stack ?? error}`);
      }
    }
  } finally {
    await server.stop();
    idp.server?.closeAllConnections();
    idp.server?.close();
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
