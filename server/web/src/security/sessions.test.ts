import { expect, it } from 'vitest';
import { byActivity, sessionName, wantsCode } from './sessions';

const session = (props: Record<string, string>, device_id = '') => sessionName({ props, device_id });

it('names a session after its client', () => {
  expect(session({ browser: 'Chrome/131.0', os: 'Linux', platform: 'Linux' })).toBe('Chrome on Linux');
  expect(session({ browser: 'Firefox/120' })).toBe('Firefox');
  expect(session({ os: 'Android' }, 'android:1')).toBe('App on Android');
  expect(session({})).toBe('Unknown client');
  expect(session({ type: 'UserAccessToken' })).toBe('Access token');
});

it('lists the latest used session first', () => {
  expect([{ last_activity_at: 1 }, { last_activity_at: 3 }].sort(byActivity)[0].last_activity_at).toBe(3);
});

it('knows when the login wants a code', () => {
  expect(wantsCode('mfa.validate_token.authenticate.app_error')).toBe(true);
  expect(wantsCode('api.user.check_user_mfa.bad_code.app_error')).toBe(true);
  expect(wantsCode('api.user.login.invalid_credentials_email_username')).toBe(false);
  expect(wantsCode(undefined)).toBe(false);
});
