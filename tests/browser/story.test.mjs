// One day at a small site: sign up, talk in threads with files, search, call, record, ask the agent, translate, lose services.
// Real binaries and real browsers. Screenshots go to MUSTER_SHOTS.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { agentSteps } from './agent.story.mjs';
import { callSteps } from './call.story.mjs';
import { Person } from './person.mjs';
import { Site, until } from './site.mjs';

const SHOTS = process.env.MUSTER_SHOTS;
const SPEECH = process.env.MUSTER_SPEECH_DIR;
let site, ana, bruno, carla;

before(async () => {
  mkdirSync(SHOTS, { recursive: true });
  site = await Site.start();
  // Recorded people speak through the microphones: ana reads English, bruno Portuguese, carla only listens.
  ana = await Person.arrive('ana', { voice: join(SPEECH, 'two_cities.wav'), shots: SHOTS });
  bruno = await Person.arrive('bruno', { voice: join(SPEECH, 'pt_pangram.wav'), locale: 'pt-PT', shots: SHOTS });
  carla = await Person.arrive('carla', { shots: SHOTS });
});

after(async () => {
  await Promise.allSettled([ana?.leave(), bruno?.leave(), carla?.leave()]);
  await site?.stop();
});

/** The rest of a day makes no sense after a step failed, so later steps say so instead of timing out one by one. */
let broken = '';
const step = (name, work) =>
  test(name, async () => {
    assert.equal(broken, '', `an earlier step failed: ${broken}`);
    try {
      await work();
    } catch (error) {
      broken = name;
      await Promise.allSettled([ana, bruno, carla].map((who) => who?.shot(`failed-${who.name}`)));
      throw error;
    }
  });

step('the first account administers the site, makes a team and invites', async () => {
  await ana.signUp(`${site.url}/`);
  await ana.createTeam('Field Hospital');
  const link = await ana.inviteLink();
  assert.match(link, /id=[a-z0-9]{26}/);
  await bruno.signUp(link);
  await bruno.composer().waitFor();
  const [first, second] = await Promise.all([ana, bruno].map((who) => api(who, 'GET', '/users/me')));
  assert.match(first.roles, /system_admin/);
  assert.doesNotMatch(second.roles, /system_admin/);
  await ana.createChannel('Ward round');
  await bruno.joinChannel('Ward round');
  await carla.signUp(link);
  await carla.composer().waitFor();
  await carla.joinChannel('Ward round');
});

step('messages, threads, reactions and files reach the other browser at once', async () => {
  await ana.say('Good morning, the **generator** is back');
  const seen = bruno.post('Good morning');
  await seen.waitFor();
  assert.equal(await seen.locator('p strong').innerText(), 'generator');
  await bruno.openThread('Good morning');
  await bruno.sayInThread('Great news, I check the fridges');
  await until('the reply count on the other side', async () => /1 repl/i.test(await ana.post('Good morning').innerText()));
  await ana.post('Good morning').hover();
  await ana.post('Good morning').getByRole('button', { name: 'Add reaction', exact: true }).click();
  const picker = ana.page.getByRole('dialog', { name: 'Emoji' });
  await picker.getByRole('searchbox', { name: 'Search emoji' }).fill('thumbsup');
  await picker.getByRole('button').first().click();
  await bruno.post('Good morning').getByRole('group', { name: 'Reactions' }).getByRole('button').first().waitFor();
  await ana.composer().fill('The plan for today');
  await ana.page.locator('input[type=file]').first().setInputFiles({ name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('Ward A first') });
  await ana.page.getByText('plan.txt').first().waitFor();
  await until('the upload to end and the message to go', async () => {
    await ana.composer().press('Enter');
    return ana.post('The plan for today').isVisible();
  });
  await bruno.post('The plan for today').getByText('plan.txt').first().waitFor();
  await ana.shot('01-channel');
  await bruno.shot('02-thread');
});

step('a message is edited, found by search and deleted for everybody', async () => {
  await ana.say('The water truck comes at noon');
  const channel = await channelId(ana, 'ward-round');
  const truck = await until('the message on the server', async () =>
    Object.values((await api(ana, 'GET', `/channels/${channel}/posts`)).posts).find((p) => p.message.includes('water truck')));
  await api(ana, 'PUT', `/posts/${truck.id}/patch`, { message: 'The water truck comes at two' });
  await bruno.post('comes at two').waitFor();
  const search = bruno.page.getByRole('searchbox', { name: 'Search messages' });
  await search.fill('water truck');
  await search.press('Enter');
  await bruno.page.getByRole('complementary', { name: 'Search results' }).getByText('comes at two').waitFor();
  await bruno.shot('03-search');
  await api(ana, 'DELETE', `/posts/${truck.id}`);
  await until('the message to be gone', async () => !(await bruno.messages().innerText()).includes('comes at two'));
});

step('what a person may not do is refused by the server', async () => {
  const secret = await api(ana, 'POST', '/channels', { team_id: await teamId(ana), name: 'command', display_name: 'Command', type: 'P' });
  for (const [method, path, body] of [
    ['GET', `/channels/${secret.id}/posts`],
    ['POST', '/posts', { channel_id: secret.id, message: 'let me in' }],
    ['POST', `/channels/${secret.id}/members`, { user_id: (await api(bruno, 'GET', '/users/me')).id }],
  ]) {
    await assert.rejects(() => api(bruno, method, path, body), /403/, `${method} ${path}`);
  }
});

step('with a service away chat goes on and the button says what is missing', async () => {
  const rtcd = (await site.status()).services.find((s) => s.name === 'rtcd');
  process.kill(rtcd.pid, 'SIGSTOP');
  const call = ana.button('Start call');
  await until('the button to be off', () => call.isDisabled());
  assert.match(await call.getAttribute('title'), /call service is not available/i);
  process.kill(rtcd.pid, 'SIGCONT');
  await until('the button to be back', () => call.isEnabled());
  const before = (await site.status()).services.find((s) => s.name === 'offloader');
  process.kill(before.pid, 'SIGKILL');
  await ana.say('Still talking');
  await bruno.post('Still talking').waitFor();
  await until('offloader to be started again', async () => {
    const now = (await site.status()).services.find((s) => s.name === 'offloader');
    return now.phase === 'ready' && now.pid !== before.pid;
  });
});

step('every acknowledged message survives kill -9 of the server, and the browsers come back by themselves', async () => {
  const channel = await channelId(ana, 'ward-round');
  const sent = [];
  for (let i = 0; i < 20; i++) sent.push((await api(ana, 'POST', '/posts', { channel_id: channel, message: `count ${i}` })).id);
  const before = (await site.status()).services.find((s) => s.name === 'server');
  process.kill(before.pid, 'SIGKILL');
  await until('the server to be back', async () => {
    const now = (await site.status()).services.find((s) => s.name === 'server');
    return now.phase === 'ready' && now.pid !== before.pid;
  });
  const page = await until('the posts', () => api(ana, 'GET', `/channels/${channel}/posts?per_page=200`));
  for (const id of sent) assert.ok(page.posts[id], `post ${id} is lost`);
  await until('a live message after the restart', async () => {
    await api(bruno, 'POST', '/posts', { channel_id: channel, message: 'We are back' });
    return ana.post('We are back').isVisible();
  }, 60_000, 2000);
});

const day = {
  step,
  api: (...call) => api(...call),
  channelId: (...which) => channelId(...which),
  get site() { return site; },
  get ana() { return ana; },
  get bruno() { return bruno; },
  get carla() { return carla; },
};
callSteps(day);
agentSteps(day);

step('nobody saw an error of the page itself', async () => {
  assert.deepEqual([...ana.errors, ...bruno.errors, ...carla.errors], []);
});

/** A call of the REST API with the session of that person's browser. */
const api = (person, method, path, body, base = '/api/v4') =>
  person.page.evaluate(async ([method, url, body]) => {
    const answer = await fetch(url, {
      method,
      headers: { 'Content-Type': 'application/json', 'X-Requested-With': 'XMLHttpRequest' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }, [method, base + path, body]);

const channelId = async (person, name) => (await api(person, 'GET', `/teams/name/field-hospital/channels/name/${name}`)).id;

const teamId = async (person) => (await api(person, 'GET', '/teams/name/field-hospital')).id;
