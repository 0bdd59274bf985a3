import { expect, it } from 'vitest';
import { reminderSeconds, reminderTimes } from './remind';

it('offers tomorrow and Monday in the morning', () => {
  const thursday = new Date(2026, 10, 26, 15, 20).getTime();
  const times = reminderTimes(thursday);
  expect(times.map((time) => time.label)).toEqual(['In 30 minutes', 'In 1 hour', 'In 2 hours', 'Tomorrow at 9:00', 'Monday at 9:00']);
  expect(new Date(times[3].at).toString()).toContain('Fri Nov 27 2026 09:00:00');
  expect(new Date(times[4].at).toString()).toContain('Mon Nov 30 2026 09:00:00');
  const sunday = new Date(2026, 10, 29, 8, 0).getTime();
  expect(reminderTimes(sunday).map((time) => time.label)).not.toContain('Monday at 9:00');
  const monday = new Date(2026, 10, 30, 8, 0).getTime();
  expect(new Date(reminderTimes(monday)[4].at).getDate()).toBe(7);
});

it('sends seconds and nothing that has passed', () => {
  expect(reminderSeconds(90_500, 1_000)).toBe(90);
  expect(reminderSeconds(1_000, 1_000)).toBeNull();
  expect(reminderSeconds(Number.NaN, 0)).toBeNull();
});
