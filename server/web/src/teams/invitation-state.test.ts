import { expect, it } from 'vitest';
import { isOpen, usesText } from './invitation-state';

const one = { revoked_at: 0, expires_at: 100, max_uses: 2, uses: 1 };

it('closes a link that was revoked, has ended or is used up', () => {
  expect(isOpen(one, 50)).toBe(true);
  expect(isOpen({ ...one, revoked_at: 5 }, 50)).toBe(false);
  expect(isOpen(one, 100)).toBe(false);
  expect(isOpen({ ...one, uses: 2 }, 50)).toBe(false);
  expect(isOpen({ ...one, max_uses: 0, uses: 99 }, 50)).toBe(true);
});

it('says how often it was used', () => {
  expect(usesText(one)).toBe('used 1 of 2');
  expect(usesText({ max_uses: 0, uses: 1 })).toBe('used 1 time');
});
