// A person at a browser: what one does by accessible names, nothing by CSS class.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const PASSWORD = 'Correct-horse-9';

export class Person {
  /** Opens a browser of its own; `voice` is a WAV file that its microphone plays in a loop. */
  static async arrive(name, { voice, locale = 'en-GB', shots } = {}) {
    const person = new Person();
    Object.assign(person, { name, shots, errors: [] });
    person.profile = mkdtempSync(join(tmpdir(), `muster-${name}-`));
    person.context = await chromium.launchPersistentContext(person.profile, {
      executablePath: process.env.MUSTER_CHROMIUM ?? '/usr/bin/chromium',
      headless: true,
      locale,
      viewport: { width: 1280, height: 800 },
      permissions: ['microphone', 'camera'],
      args: [
        '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required',
        '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', '--auto-select-desktop-capture-source=Entire screen',
        '--auto-accept-this-tab-capture', '--disable-features=WebRtcHideLocalIpsWithMdns',
        ...(voice ? [`--use-file-for-fake-audio-capture=${voice}`] : []),
      ],
    });
    person.page = person.context.pages()[0] ?? (await person.context.newPage());
    // The fake microphone's file would also be the sound of the screen, and be recorded twice.
    await person.page.addInitScript(() => {
      const share = navigator.mediaDevices?.getDisplayMedia.bind(navigator.mediaDevices);
      if (share) navigator.mediaDevices.getDisplayMedia = (wanted) => share({ ...wanted, audio: false });
    });
    person.page.setDefaultTimeout(30_000);
    person.page.on('pageerror', (error) => person.errors.push(String(error)));
    return person;
  }

  async leave() {
    await this.context.close();
    rmSync(this.profile, { recursive: true, force: true });
  }

  async shot(what) {
    await this.page.screenshot({ path: join(this.shots, `${what}.png`) });
  }

  button(name) {
    return this.page.getByRole('button', { name, exact: true });
  }

  async signUp(address) {
    await this.page.goto(address);
    const form = this.page.getByRole('form', { name: 'Create account' });
    await form.getByLabel('Email').fill(`${this.name}@site.example`);
    await form.getByLabel('Username').fill(this.name);
    await form.getByLabel('Password').fill(PASSWORD);
    await form.getByRole('button', { name: 'Create account' }).click();
  }

  async createTeam(name) {
    const form = this.page.getByRole('form', { name: 'Create team' });
    await form.getByLabel('Team name').fill(name);
    await form.getByRole('button', { name: 'Create team' }).click();
    await this.composer().waitFor();
  }

  async inviteLink() {
    await this.button('Team menu').click();
    await this.page.getByRole('menuitem', { name: 'Invite people' }).click();
    const link = this.page.getByLabel('Invite link');
    await link.waitFor();
    for (let i = 0; i < 50 && !(await link.inputValue()); i++) await this.page.waitForTimeout(100);
    const value = await link.inputValue();
    await this.page.getByRole('dialog').getByRole('button', { name: 'Close', exact: true }).click();
    return value;
  }

  async createChannel(name) {
    await this.button('Add channels').click();
    await this.page.getByRole('menuitem', { name: 'Create channel' }).click();
    const form = this.page.getByRole('form', { name: 'Create channel' });
    await form.getByLabel('Channel name').fill(name);
    await form.getByRole('button', { name: 'Create channel' }).click();
    await this.page.getByRole('heading', { name }).first().waitFor();
  }

  async joinChannel(name) {
    await this.button('Add channels').click();
    await this.page.getByRole('menuitem', { name: 'Browse channels' }).click();
    const dialog = this.page.getByRole('dialog', { name: 'Browse channels' });
    await dialog.getByText(name, { exact: true }).waitFor();
    await dialog.getByRole('listitem').filter({ hasText: name }).getByRole('button').first().click();
    await this.page.getByRole('heading', { name }).first().waitFor();
  }

  composer() {
    return this.page.getByRole('textbox', { name: 'Message', exact: true });
  }

  messages() {
    return this.page.getByRole('log').first();
  }

  /** The post in the channel that holds `text`. */
  post(text) {
    return this.messages().getByRole('article').filter({ hasText: text }).last();
  }

  async say(text) {
    await this.composer().fill(text);
    await this.composer().press('Enter');
    await this.post(text.split('\n')[0].replace(/[*_`#>]/g, '').trim()).waitFor();
  }

  /** Opens the thread of the post that holds `text`. */
  async openThread(text) {
    await this.post(text).hover();
    await this.post(text).getByRole('button', { name: 'Reply in thread', exact: true }).click();
    await this.reply().waitFor();
  }

  reply() {
    return this.page.getByRole('textbox', { name: 'Reply', exact: true });
  }

  async sayInThread(text) {
    await this.reply().fill(text);
    await this.reply().press('Enter');
  }
}
