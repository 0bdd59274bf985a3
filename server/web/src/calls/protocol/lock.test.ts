import { expect, it } from 'vitest';
import { LockError, SignallingLock } from './lock';
import { supportsLocking } from './version';

/** A clock that only waiting moves, and a server that grants the n-th request. */
function rig(grantAt: number) {
  let time = 0;
  let requests = 0;
  const sent: string[] = [];
  const lock: SignallingLock = new SignallingLock(
    (what) => {
      sent.push(what);
      if (what !== 'lock') return;
      requests += 1;
      const granted = requests >= grantAt;
      queueMicrotask(() => lock.onAnswer(granted));
    },
    async (ms) => {
      // Real timers would let the server answer first: so does this.
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
      if (ms <= 50) time += ms;
    },
    () => time,
  );
  return { lock, sent, clock: () => time };
}

it('holds the lock while the work runs and gives it back', async () => {
  const { lock, sent } = rig(1);
  const result = await lock.run(async () => {
    sent.push('work');
    return 5;
  });
  expect(result).toBe(5);
  expect(sent).toEqual(['lock', 'work', 'unlock']);
});

it('asks again until it is granted', async () => {
  const { lock, sent } = rig(3);
  await lock.run(async () => undefined);
  expect(sent).toEqual(['lock', 'lock', 'lock', 'unlock']);
});

it('gives up after five seconds', async () => {
  const { lock, clock } = rig(Infinity);
  await expect(lock.run(async () => undefined)).rejects.toBeInstanceOf(LockError);
  expect(clock()).toBeGreaterThanOrEqual(5_000);
});

it('unlocks after failed work and lets the next one in', async () => {
  const { lock, sent } = rig(1);
  const failing = lock.run(async () => {
    throw new Error('no');
  });
  const next = lock.run(async () => 'fine');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('fine');
  expect(sent).toEqual(['lock', 'unlock', 'lock', 'unlock']);
});

it('is used with servers that know it', () => {
  expect(supportsLocking({ version: '1.12.0', rtcd_version: 'v1.2.4' })).toBe(true);
  expect(supportsLocking({ version: '1.7.0' })).toBe(true);
  expect(supportsLocking({ version: '1.7.0-rc1' })).toBe(false);
  expect(supportsLocking({ version: '1.12.0', rtcd_version: '1.0.9' })).toBe(false);
  expect(supportsLocking({})).toBe(false);
});
