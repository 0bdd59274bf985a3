// An administrator's hour: accounts, permissions, languages, a webhook, a command and a bot, with the examples of the page run in a shell.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Person } from './person.mjs';
import { Server, until } from './site.mjs';

const SHOTS = process.env.MUSTER_SHOTS;
let server, ana, bruno, program;

before(async () => {
  mkdirSync(SHOTS, { recursive: true });
  // Another program: answers whatever it is called with.
  program = createServer((request, response) => {
    let body = '';
    request.on('data', (data) => { body += data; });
    request.on('end', () => {
      const text = `sunny in ${new URLSearchParams(body).get('text')}`;
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ response_type: 'in_channel', text }));
    });
  });
  await new Promise((done) => program.listen(0, '127.0.0.1', done));
  server = await Server.start(['--integrations.allowed-addresses', '127.0.0.1']);
  ana = await Person.arrive('ana', { shots: SHOTS });
  bruno = await Person.arrive('bruno', { shots: SHOTS });
  await ana.signUp(`${server.url}/`);
  await ana.createTeam('Field Hospital');
  await bruno.signUp(await ana.inviteLink());
  await bruno.composer().waitFor();
});

after(async () => {
  await Promise.allSettled([ana?.leave(), bruno?.leave()]);
  await server?.stop();
  program?.close();
});

test('an administrator deactivates an account and takes it back', async () => {
  await ana.button('Your menu').click();
  await ana.page.getByRole('menuitem', { name: 'Administration' }).click();
  await ana.page.getByRole('heading', { name: 'Users', level: 1 }).waitFor();
  await act('bruno', 'Deactivate');
  await confirm('Deactivate');
  await until('bruno to be out', () => bruno.page.getByRole('form', { name: 'Log in' }).isVisible());
  await row('bruno').getByText('DEACTIVATED').waitFor();
  await ana.shot('20-administration-users');
  await ana.button('Undo').click();
  await row('bruno').getByText('DEACTIVATED').waitFor({ state: 'detached' });
});

test('a link lets somebody set a new password', async () => {
  await act('bruno', 'Link for a new password');
  await confirm('Make link');
  const link = await ana.page.getByRole('dialog').getByLabel('Link', { exact: true }).inputValue();
  await close();
  await bruno.page.goto(link);
  const form = bruno.page.getByRole('form', { name: 'New password' });
  await form.getByLabel('New password').fill('Another-horse-7');
  await form.getByRole('button').last().click();
  const login = bruno.page.getByRole('form', { name: 'Log in' });
  await login.getByLabel('Email or username').fill('bruno');
  await login.getByLabel('Password').fill('Another-horse-7');
  await login.getByRole('button', { name: 'Log in' }).click();
  await bruno.composer().waitFor();
});

test('a permission taken away is gone for members at once, and its menu with it', async () => {
  await section('Roles and permissions');
  await ana.page.getByRole('combobox', { name: 'Role' }).selectOption({ label: 'Members of a team' });
  const hooks = ana.page.getByLabel('Make incoming webhooks');
  await hooks.check();
  await ana.button('Save').click();
  await ana.button('Undo').waitFor();
  await ana.shot('21-administration-permissions');
  await bruno.button('Team menu').click();
  await bruno.page.getByRole('menuitem', { name: 'Integrations' }).waitFor();
  await bruno.page.keyboard.press('Escape');
  await ana.button('Undo').click();
  await until('the permission to be taken back', async () => !(await hooks.isChecked()));
});

test('somebody who administers nothing sees no administration', async () => {
  await bruno.button('Your menu').click();
  await bruno.page.getByRole('menuitem', { name: 'Log out' }).waitFor();
  assert.equal(await bruno.page.getByRole('menuitem', { name: 'Administration' }).count(), 0);
  await bruno.page.goto(`${server.url}/admin_console/users`);
  await bruno.composer().waitFor();
});

test('somebody reads the page in German, also after coming back', async () => {
  await bruno.button('Your menu').click();
  await bruno.page.getByRole('menuitem', { name: 'Profile and language' }).click();
  const profile = bruno.page.getByRole('form', { name: 'Profile' });
  await profile.getByLabel('Language of this page').selectOption({ label: 'Deutsch' });
  await profile.getByRole('button', { name: 'Save' }).click();
  await bruno.button('Nachricht senden').waitFor();
  assert.equal(await bruno.page.evaluate(() => document.documentElement.lang), 'de');
  await bruno.page.reload();
  await bruno.button('Dein Menü').waitFor();
  await bruno.shot('23-german');
});

test('the examples for a webhook, a command and a bot work in a shell', async () => {
  await ana.page.goto(`${server.url}/field-hospital/integrations/incoming_webhooks`);
  await ana.button('New incoming webhook').click();
  const form = ana.page.getByRole('form', { name: 'New incoming webhook' });
  await form.getByLabel('Title').fill('Alarms');
  await choose(form, 'Channel', 'Town Square');
  await form.getByRole('button', { name: 'Create' }).click();
  assert.equal(await run(await example('Send a message')), 'ok');
  await ana.shot('22-integrations');

  await section('Slash commands');
  await ana.button('New slash command').click();
  const command = ana.page.getByRole('form', { name: 'New slash command' });
  await command.getByLabel('Command word').fill('/weather');
  await command.getByLabel('Address that is called').fill(`http://127.0.0.1:${program.address().port}/`);
  await command.getByRole('button', { name: 'Create' }).click();
  assert.match(await run(await example('Call the program as this site would')), /sunny in hello/);

  await section('Bot accounts');
  await ana.button('New bot account').click();
  const bot = ana.page.getByRole('form', { name: 'New bot account' });
  await bot.getByLabel('Username').fill('builder');
  await bot.getByRole('button', { name: 'Create' }).click();
  await ana.page.getByLabel('What the new token is for').fill('build results');
  await ana.button('Create token').click();
  await ana.page.getByLabel('Token', { exact: true }).waitFor();
  assert.equal(JSON.parse(await run(await example('Who am I?'))).username, 'builder');
  await choose(ana.page, 'Channel to write in', 'Town Square');
  await ana.button('Add the bot to the channel').click();
  await ana.page.getByText('@builder is in Town Square.').waitFor();
  assert.equal(JSON.parse(await run(await example('Write a message'))).message, 'Hello from a bot');

  await ana.page.getByRole('link', { name: 'Back to messages' }).click();
  await ana.composer().waitFor();
  await ana.post('Hello from another program').waitFor();
  await ana.post('Hello from a bot').waitFor();
  await ana.composer().fill('/weather Lisbon');
  await ana.composer().press('Enter');
  await ana.post('sunny in Lisbon').waitFor();
  assert.deepEqual([...ana.errors, ...bruno.errors], []);
});

const row = (username) => ana.page.getByRole('list', { name: 'Accounts' }).getByRole('listitem').filter({ hasText: `@${username} ` });

async function act(username, action) {
  await ana.button(`Actions for ${username}`).click();
  await ana.page.getByRole('menuitem', { name: action, exact: true }).click();
}

const confirm = (name) => ana.page.getByRole('dialog').getByRole('button', { name, exact: true }).click();
const close = () => ana.page.getByRole('dialog').getByRole('button', { name: 'Close', exact: true }).click();
const section = (name) => ana.page.getByRole('link', { name, exact: true }).click();

async function choose(place, label, text) {
  const field = place.getByRole('combobox', { name: label, exact: true });
  await field.fill(text);
  await place.getByRole('option', { name: text }).first().click();
}

const example = async (title) => {
  const group = ana.page.getByRole('group', { name: title, exact: true });
  await group.waitFor();
  return group.locator('pre').innerText();
};

/** What a command of the page prints. */
const run = async (command) => (await promisify(execFile)('sh', ['-c', command.replace(/^curl/, 'curl -sS --max-time 20')])).stdout;
