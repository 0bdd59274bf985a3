import { expect, it } from 'vitest';
import { hueOf, initials } from './initials';
import { dayName, duration, fileSize } from './time';

it('finds initials', () => {
  expect(initials({ username: 'ann.lee' })).toBe('AL');
  expect(initials({ username: 'x', first_name: 'Ann', last_name: 'Lee' })).toBe('AL');
  expect(initials({ username: 'bob' })).toBe('B');
  expect(initials(undefined)).toBe('?');
  expect(hueOf('abc')).toBe(hueOf('abc'));
});

it('writes times and sizes for people', () => {
  expect(duration(65_000)).toBe('1:05');
  expect(duration(3_661_000)).toBe('1:01:01');
  expect(fileSize(900)).toBe('900 B');
  expect(fileSize(1536)).toBe('1.5 KB');
  const noon = new Date(2026, 4, 5, 12).getTime();
  expect(dayName(noon, noon)).toBe('Today');
  expect(dayName(noon - 86_400_000, noon)).toBe('Yesterday');
});
