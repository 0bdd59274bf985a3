import { expect, it } from 'vitest';
import { applyEvent, isActive, isStarting, type Calls } from './call-state';

type Step = [name: string, data: Record<string, unknown>];
const play = (...steps: Step[]): Calls => steps.reduce<Calls>((calls, [name, data]) => applyEvent(calls, name, 'ch', data), {});

const START: Step = ['call_start', { id: 'c', channelID: 'ch', start_at: 10, thread_id: 't', post_id: 'p', owner_id: 'u1', host_id: 'u1' }];
const ANN: Step = ['user_joined', { user_id: 'u1', session_id: 's1' }];
const BOB: Step = ['user_joined', { user_id: 'u2', session_id: 's2' }];

it('follows a call from the first joiner to the last leaver', () => {
  const two = play(START, ANN, BOB, ['user_unmuted', { userID: 'u2', session_id: 's2' }], ['user_voice_on', { userID: 'u2', session_id: 's2' }]);
  expect(two.ch.sessions.map((session) => session.userId)).toEqual(['u1', 'u2']);
  expect(two.ch.sessions[1]).toMatchObject({ unmuted: true, speaking: true });
  expect(two.ch.hostId).toBe('u1');
  const end = [['user_left', { user_id: 'u1', session_id: 's1' }], ['user_left', { user_id: 'u2', session_id: 's2' }]] as Step[];
  expect(play(START, ANN, BOB, ...end)).toEqual({});
});

it('counts a repeated join once', () => {
  expect(play(START, ANN, ANN).ch.sessions).toHaveLength(1);
});

it('stops speaking when muted', () => {
  const calls = play(START, ANN, ['user_voice_on', { session_id: 's1' }], ['user_muted', { userID: 'u1', session_id: 's1' }]);
  expect(calls.ch.sessions[0]).toMatchObject({ unmuted: false, speaking: false });
});

it('raises and lowers hands', () => {
  const up = play(START, ANN, ['user_raise_hand', { userID: 'u1', session_id: 's1', raised_hand: 99 }]);
  expect(up.ch.sessions[0].raisedHand).toBe(99);
  expect(applyEvent(up, 'user_unraise_hand', 'ch', { session_id: 's1', raised_hand: 0 }).ch.sessions[0].raisedHand).toBe(0);
});

it('ends a share with its sharer', () => {
  const shared = play(START, ANN, BOB, ['user_screen_on', { userID: 'u2', session_id: 's2' }]);
  expect(shared.ch.screenSessionId).toBe('s2');
  expect(applyEvent(shared, 'user_left', 'ch', { user_id: 'u2', session_id: 's2' }).ch.screenSessionId).toBe('');
  expect(applyEvent(shared, 'user_screen_off', 'ch', {}).ch.screenSessionId).toBe('');
});

it('tells a starting recording from a running and a finished one', () => {
  const job = (start_at: number, end_at: number, err = '') =>
    play(START, ['call_job_state', { callID: 'ch', jobState: { type: 'recording', init_at: 1, start_at, end_at, err } }]).ch.recording;
  expect([isStarting(job(0, 0)), isActive(job(0, 0))]).toEqual([true, false]);
  expect([isStarting(job(5, 0)), isActive(job(5, 0))]).toEqual([false, true]);
  expect([isStarting(job(5, 9)), isActive(job(5, 9))]).toEqual([false, false]);
  expect(isStarting(job(0, 0, 'no bot'))).toBe(false);
});

it('takes over a whole state, and its absence', () => {
  const state = { id: 'c', start_at: 3, sessions: [{ session_id: 's1', user_id: 'u1', unmuted: true, raised_hand: 0, video: false }], host_id: 'u1', screen_sharing_session_id: 's1', recording: { type: 'recording', init_at: 1, start_at: 2, end_at: 0 } };
  const calls = play(['call_state', { channel_id: 'ch', call: JSON.stringify(state) }]);
  expect(calls.ch).toMatchObject({ id: 'c', startAt: 3, screenSessionId: 's1' });
  expect(isActive(calls.ch.recording)).toBe(true);
  expect(applyEvent(calls, 'call_state', 'ch', { channel_id: 'ch', call: 'null' })).toEqual({});
  expect(applyEvent(calls, 'call_state', 'ch', { channel_id: 'ch', call: '{' })).toBe(calls);
});

it('moves the host and ends the call for everybody', () => {
  const moved = play(START, ANN, BOB, ['call_host_changed', { hostID: 'u2', call_id: 'c' }]);
  expect(moved.ch.hostId).toBe('u2');
  expect(applyEvent(moved, 'call_end', 'ch', {})).toEqual({});
});
