import { expect, it } from 'vitest';
import { beginning, desktopAddress, inDesktopApp, sentence, services } from './services';

it('offers what the site has, and no colour that is none', () => {
  const config = { EnableSignUpWithOpenId: 'true', OpenIdButtonText: 'Clinic', OpenIdButtonColor: 'red;x:y', EnableSignUpWithGitLab: 'false' };
  expect(services(config)).toEqual([{ name: 'openid', text: 'Clinic', color: '' }]);
  expect(services({})).toEqual([]);
});

it('begins where the server wants it', () => {
  expect(beginning('openid', { redirect_to: '' })).toBe('/oauth/openid/login');
  expect(beginning('gitlab', { redirect_to: '/core/pl/p1?a=b' })).toBe('/oauth/gitlab/login?redirect_to=%2Fcore%2Fpl%2Fp1%3Fa%3Db');
});

it('has a sentence for every word, known or not', () => {
  expect(sentence('email_taken')).toBe('sso.email_taken');
  expect(sentence('something new')).toBe('sso.token');
});

it('knows the desktop app and how a browser opens it', () => {
  expect(inDesktopApp('Mozilla/5.0 (X11; Linux x86_64) Chrome/140 Electron/38.1 Safari/537.36 Mattermost/6.0.0')).toBe(true);
  expect(inDesktopApp('Mozilla/5.0 (X11; Linux x86_64) Chrome/140 Safari/537.36')).toBe(false);
  expect(desktopAddress('chat.example', 'a', 'b', false)).toBe('mattermost://chat.example/login/desktop?client_token=a&server_token=b');
});
