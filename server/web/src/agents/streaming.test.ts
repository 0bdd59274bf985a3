import { expect, it } from 'vitest';
import { advance, isRunning, type Stream, type Update } from './streaming';

const play = (...updates: Omit<Update, 'post_id'>[]) =>
  updates.reduce<Stream | undefined>((state, update) => advance(state, { post_id: 'p', ...update }), undefined);

it('shows the whole text of the latest update', () => {
  expect(play({ control: 'start' }, { next: 'Hel' }, { next: 'Hello' })).toEqual({ text: 'Hello', state: 'writing' });
});

it('ends, and a late update changes nothing', () => {
  const state = play({ control: 'start' }, { next: 'Hello' }, { control: 'end' }, { next: 'late' });
  expect(state).toEqual({ text: 'Hello', state: 'done' });
  expect(isRunning(state)).toBe(false);
});

it('stays stopped when cancel and end both arrive', () => {
  expect(play({ control: 'start' }, { next: 'Hel' }, { control: 'cancel' }, { control: 'end' })).toEqual({ text: 'Hel', state: 'cancelled' });
});

it('starts again from nothing', () => {
  expect(play({ next: 'old' }, { control: 'end' }, { control: 'start' })).toEqual({ text: null, state: 'waiting' });
});
