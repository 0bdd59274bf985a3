import { expect, it } from 'vitest';
import { passes, withAdministration } from './people';

it('gives and takes the administration of the site and keeps the other roles', () => {
  expect(withAdministration('system_user', true)).toBe('system_user system_admin');
  expect(withAdministration('system_user system_admin system_post_all', false)).toBe('system_user system_post_all');
  expect(withAdministration('system_user system_admin', true)).toBe('system_user system_admin');
});

it('filters what a search found', () => {
  const guest = { roles: 'system_guest', delete_at: 5 };
  expect(passes(guest, 'guests')).toBe(true);
  expect(passes(guest, 'active')).toBe(false);
  expect(passes(guest, 'inactive')).toBe(true);
  expect(passes({ roles: 'system_user', delete_at: 0 }, 'admins')).toBe(false);
});
