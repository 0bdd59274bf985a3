// Who is typing where. Entries fade by themselves: nobody announces that they stopped.
import { signal } from '@preact/signals';

const FADES_AFTER_MS = 6_000;

/** User ids by `channel` or `channel/root`. */
export const typing = signal<Record<string, string[]>>({});
const timers = new Map<string, ReturnType<typeof setTimeout>>();

export const typingPlace = (channelId: string, rootId: string) => (rootId ? `${channelId}/${rootId}` : channelId);

export function startTyping(place: string, userId: string): void {
  const key = `${place} ${userId}`;
  clearTimeout(timers.get(key));
  timers.set(key, setTimeout(() => stopTyping(place, userId), FADES_AFTER_MS));
  const now = typing.value[place] ?? [];
  if (!now.includes(userId)) typing.value = { ...typing.value, [place]: [...now, userId] };
}

export function stopTyping(place: string, userId: string): void {
  const key = `${place} ${userId}`;
  clearTimeout(timers.get(key));
  timers.delete(key);
  const now = typing.value[place];
  if (now?.includes(userId)) typing.value = { ...typing.value, [place]: now.filter((id) => id !== userId) };
}
