import { language, t } from '../locale/locale';

const SHAPES = {
  clock: { hour: '2-digit', minute: '2-digit' },
  day: { weekday: 'long', day: 'numeric', month: 'long' },
  dayAndYear: { day: 'numeric', month: 'long', year: 'numeric' },
  full: { dateStyle: 'full', timeStyle: 'short' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

const formats = new Map<string, Intl.DateTimeFormat>();

/** A time in the shown language, the way of the reader's country where that speaks it ("en-GB"). */
function written(shape: keyof typeof SHAPES, ms: number): string {
  const own = typeof navigator === 'undefined' ? undefined : navigator.languages?.find((code) => code.split('-')[0] === language.value);
  const key = `${shape} ${own ?? language.value}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(own ?? language.value, SHAPES[shape]);
    formats.set(key, format);
  }
  return format.format(ms);
}

/** `ms` since the epoch as hours and minutes. */
export const clock = (ms: number) => written('clock', ms);
export const fullTime = (ms: number) => written('full', ms);

/** "Today", "Yesterday", or the date. */
export function dayName(ms: number, now = Date.now()): string {
  const day = new Date(ms).toDateString();
  if (day === new Date(now).toDateString()) return t('day.today');
  const yesterday = new Date(now);
  yesterday.setDate(yesterday.getDate() - 1);
  if (day === yesterday.toDateString()) return t('day.yesterday');
  return new Date(ms).getFullYear() === new Date(now).getFullYear() ? written('day', ms) : written('dayAndYear', ms);
}

/** A duration in milliseconds as `m:ss` or `h:mm:ss`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const pad = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

/** A size in bytes for people. */
export function fileSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KB', 'MB', 'GB', 'TB'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
