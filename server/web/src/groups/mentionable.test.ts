import { expect, it } from 'vitest';
import { mentionable } from './mentionable';

it('knows the groups that can be mentioned, and which are mine', () => {
  const group = (id: string, name: string | null, more = {}) => ({ id, name, display_name: name ?? '', allow_reference: true, delete_at: 0, member_count: 2, ...more }) as never;
  const known = mentionable([group('1', 'nurses'), group('2', 'doctors'), group('3', null), group('4', 'old', { delete_at: 5 }), group('5', 'quiet', { allow_reference: false })], [{ id: '1' }]);
  expect(Object.keys(known)).toEqual(['nurses', 'doctors']);
  expect([known.nurses.mine, known.doctors.mine]).toEqual([true, false]);
});
