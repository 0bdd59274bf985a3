import { expect, it } from 'vitest';
import { parseRoute } from './route';

it("reads Mattermost's addresses", () => {
  expect(parseRoute('/')).toEqual({ kind: 'root' });
  expect(parseRoute('/signup_user_complete/', '?id=abc')).toEqual({ kind: 'signup', inviteId: 'abc', token: '' });
  expect(parseRoute('/signup_user_complete/', '?t=xyz')).toEqual({ kind: 'signup', inviteId: '', token: 'xyz' });
  expect(parseRoute('/reset_password_complete', '?token=c0de')).toEqual({ kind: 'resetPassword', token: 'c0de' });
  expect(parseRoute('/login/one_time_link', '?t=c0de')).toEqual({ kind: 'oneTimeLink', token: 'c0de' });
  expect(parseRoute('/login/desktop', '?client_token=a&server_token=b')).toEqual({ kind: 'desktopLogin', service: '', clientToken: 'a', serverToken: 'b', dev: false });
  expect(parseRoute('/core/channels/town-square')).toEqual({ kind: 'channel', team: 'core', channel: 'town-square', joinCall: false });
  expect(parseRoute('/core/channels/x', '?join_call=true')).toMatchObject({ joinCall: true });
  expect(parseRoute('/core/messages/@bob')).toEqual({ kind: 'messages', team: 'core', target: '@bob' });
  expect(parseRoute('/core/pl/p1')).toEqual({ kind: 'permalink', team: 'core', postId: 'p1' });
  expect(parseRoute('/admin_console/users')).toEqual({ kind: 'administration', section: 'users' });
  expect(parseRoute('/core/integrations/commands')).toEqual({ kind: 'integrations', team: 'core', section: 'commands' });
  expect(parseRoute('/core')).toEqual({ kind: 'team', team: 'core' });
  expect(parseRoute('/%E0%A4%A/channels/x')).toMatchObject({ kind: 'channel' });
});
