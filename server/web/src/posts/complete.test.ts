import { expect, it } from 'vitest';
import { insertChoice, triggerAt } from './complete';

it('finds what is being typed', () => {
  expect(triggerAt('hi @an', 6)).toEqual({ kind: 'user', term: 'an', from: 3 });
  expect(triggerAt('@', 1)).toEqual({ kind: 'user', term: '', from: 0 });
  expect(triggerAt('~tow', 4)?.kind).toBe('channel');
  expect(triggerAt('me@host', 7)).toBeNull();
  expect(triggerAt(':)', 2)).toBeNull();
  expect(triggerAt(':ta', 3)?.kind).toBe('emoji');
  expect(triggerAt('@an done', 8)).toBeNull();
});

it('puts the choice in and the caret after it', () => {
  const text = 'hi @an there';
  const trigger = triggerAt(text, 6);
  expect(trigger && insertChoice(text, 6, trigger, '@ann')).toEqual(['hi @ann there', 8]);
});
