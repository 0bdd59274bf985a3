import { expect, it } from 'vitest';
import { Triggers } from './triggers';

it('opens a form once, whether the event or the answer comes first', () => {
  const triggers = new Triggers<string>();
  expect(triggers.ask('a')).toBeUndefined();
  expect(triggers.arrive('a', 'form a')).toBe('form a');
  expect(triggers.arrive('a', 'again')).toBeUndefined();
  expect(triggers.arrive('b', 'form b')).toBeUndefined();
  expect(triggers.ask('b')).toBe('form b');
});

it('keeps forms of other tabs shut and forgets old ones', () => {
  const triggers = new Triggers<number>();
  for (let at = 0; at < 30; at++) expect(triggers.arrive(`other-${at}`, at)).toBeUndefined();
  expect(triggers.ask('other-3')).toBeUndefined();
  expect(triggers.ask('other-29')).toBe(29);
  expect(triggers.ask('')).toBeUndefined();
});
