// When one wants to be reminded of a message.
import { t } from '../locale/locale';


const HOUR_MS = 3_600_000;

export interface ReminderTime {
  label: string;
  /** Milliseconds since the epoch. */
  at: number;
}

/** The usual answers, from `now` in the reader's time zone. */
export function reminderTimes(now: number): ReminderTime[] {
  const morning = (days: number) => {
    const day = new Date(now);
    day.setDate(day.getDate() + days);
    day.setHours(9, 0, 0, 0);
    return day.getTime();
  };
  const daysToMonday = (8 - new Date(now).getDay()) % 7 || 7;
  const times = [
    { label: t('remind.halfHour'), at: now + HOUR_MS / 2 },
    { label: t('remind.hour'), at: now + HOUR_MS },
    { label: t('remind.twoHours'), at: now + 2 * HOUR_MS },
    { label: t('remind.tomorrow'), at: morning(1) },
  ];
  // On a Sunday, Monday is tomorrow.
  return daysToMonday > 1 ? [...times, { label: t('remind.monday'), at: morning(daysToMonday) }] : times;
}

/** The server counts in seconds and refuses the past. */
export function reminderSeconds(at: number, now: number): number | null {
  return Number.isFinite(at) && at > now ? Math.floor(at / 1000) : null;
}
