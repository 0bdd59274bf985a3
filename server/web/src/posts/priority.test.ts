import { expect, it } from 'vitest';
import { changeAcknowledgements, isStandard, priorityOf, STANDARD, withPriority } from './priority';

const ack = (user_id: string, acknowledged_at: number) => ({ user_id, post_id: 'p', acknowledged_at });

it('reads what the server says about a message', () => {
  expect(priorityOf({ metadata: { priority: { priority: 'urgent', requested_ack: true } } } as never)).toEqual({ priority: 'urgent', requested_ack: true, persistent_notifications: false });
  expect(priorityOf({ metadata: { priority: { priority: 'loud' } } } as never)).toEqual(STANDARD);
  expect(priorityOf({} as never)).toEqual(STANDARD);
});

it('insists only while a message is urgent', () => {
  const insisting = { ...withPriority(STANDARD, 'urgent'), persistent_notifications: true };
  expect(withPriority(insisting, 'important').persistent_notifications).toBe(false);
  expect(isStandard(withPriority(insisting, ''))).toBe(true);
  expect(isStandard({ ...STANDARD, requested_ack: true })).toBe(false);
});

it('counts everybody who confirmed once', () => {
  const two = changeAcknowledgements(changeAcknowledgements(undefined, ack('ana', 5)), ack('bruno', 6));
  expect(changeAcknowledgements(two, ack('ana', 7)).map((one) => one.user_id)).toEqual(['bruno', 'ana']);
  expect(changeAcknowledgements(two, ack('bruno', 0)).map((one) => one.user_id)).toEqual(['ana']);
});
