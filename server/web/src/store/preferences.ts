import { signal } from '@preact/signals';
import type { PreferenceType } from '@mattermost/types/preferences';
import { api } from '../api/client';
import { myId } from './session';

const key = (category: string, name: string) => `${category}\n${name}`;

/** Values by category and name; read them with `preference`. */
export const preferences = signal<Record<string, string>>({});

export function preference(category: string, name: string): string {
  return preferences.value[key(category, name)] ?? '';
}

export function receivePreferences(list: readonly PreferenceType[]): void {
  const next = { ...preferences.value };
  for (const { category, name, value } of list) next[key(category, name)] = value ?? '';
  preferences.value = next;
}

export function forgetPreferences(list: readonly PreferenceType[]): void {
  const next = { ...preferences.value };
  for (const { category, name } of list) delete next[key(category, name)];
  preferences.value = next;
}

export async function savePreference(category: string, name: string, value: string): Promise<void> {
  const saved: PreferenceType = { user_id: myId.value, category, name, value };
  await api.savePreferences(myId.value, [saved]);
  receivePreferences([saved]);
}
