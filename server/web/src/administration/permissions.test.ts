import { expect, it } from 'vitest';
import { ROLES, same, unnamed, withPermission } from './permissions';

it('changes one permission and keeps those that it has no words for', () => {
  const role = ROLES.find((known) => known.name === 'channel_user')!;
  const before = ['create_post', 'run_view', 'read_channel'];
  expect(unnamed(role, before)).toBe(1);
  expect(withPermission(before, 'create_post', false)).toEqual(['run_view', 'read_channel']);
  expect(same(withPermission(withPermission(before, 'create_post', false), 'create_post', true), before)).toBe(true);
  expect(same(before, ['create_post'])).toBe(false);
});
