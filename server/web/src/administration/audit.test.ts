import { expect, it } from 'vitest';
import { actionName, details, failed, idsIn } from './audit';

it('says in words what was done', () => {
  expect(actionName('/api/v4/users/login')).toBe('Log-in');
  expect(actionName(`/api/v4/users/${'a1'.repeat(13)}/roles`)).toBe('Roles of an account changed');
  expect(actionName('/api/v4/muster/teams/abcdefghijklmnopqrstuvwxyz/invitations')).toBe('Invitation');
  expect(actionName('/api/v4/something/new')).toBe('something/new');
  const id = 'abcdefghijklmnopqrstuvwxyz';
  expect(idsIn(`user_id=${id} active=false`)).toEqual([id]);
  expect(details(`user_id=${id} active=false`, (known) => (known === id ? '@ana' : undefined))).toBe('@ana active=false');
  expect(failed('fail: wrong password')).toBe(true);
  expect(failed('success')).toBe(false);
});
