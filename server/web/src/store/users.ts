// Profiles and presence. Unknown ids are asked for in batches; nobody asks twice for the same id.
import { signal } from '@preact/signals';
import type { UserProfile } from '@mattermost/types/users';
import { api } from '../api/client';
import { t } from '../locale/locale';

export const users = signal<Record<string, UserProfile>>({});
/** online | away | dnd | offline | ooo by user id. */
export const statuses = signal<Record<string, string>>({});

const BATCH_MS = 20;
const wanted = new Set<string>();
const asked = new Set<string>();
let timer: ReturnType<typeof setTimeout> | undefined;

export function receiveUsers(list: readonly UserProfile[]): void {
  if (list.length === 0) return;
  const next = { ...users.value };
  for (const user of list) {
    next[user.id] = { ...next[user.id], ...user };
    asked.add(user.id);
  }
  users.value = next;
}

export function receiveStatuses(list: readonly { user_id: string; status: string }[]): void {
  const next = { ...statuses.value };
  for (const { user_id, status } of list) next[user_id] = status;
  statuses.value = next;
}

/** Makes sure that these profiles (and their presence) arrive soon. */
export function wantUsers(ids: Iterable<string>): void {
  for (const id of ids) if (id && !asked.has(id)) wanted.add(id);
  if (wanted.size > 0 && timer === undefined) timer = setTimeout(() => void fetchWanted(), BATCH_MS);
}

async function fetchWanted(): Promise<void> {
  timer = undefined;
  const ids = [...wanted];
  wanted.clear();
  for (const id of ids) asked.add(id);
  try {
    receiveUsers(await api.getProfilesByIds(ids));
    receiveStatuses(await api.getStatusesByIds(ids));
  } catch {
    // Asked again by the next reader: names show as "someone" until then.
    for (const id of ids) asked.delete(id);
  }
}

/** Presence of everybody known so far; asked again after a lost connection and every few seconds. */
export async function refreshStatuses(): Promise<void> {
  const ids = Object.keys(users.value);
  if (ids.length > 0) receiveStatuses(await api.getStatusesByIds(ids.slice(0, 200)));
}

/** The name shown beside messages. */
export function displayName(user: UserProfile | undefined): string {
  if (!user) return t('people.someone');
  const full = `${user.first_name ?? ''} ${user.last_name ?? ''}`.trim();
  return user.nickname || full || user.username;
}

export function userByName(username: string): UserProfile | undefined {
  return Object.values(users.value).find((user) => user.username === username);
}

export function clearUsers(): void {
  users.value = {};
  statuses.value = {};
  asked.clear();
  wanted.clear();
}
