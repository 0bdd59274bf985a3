// Unsent text by place, so that switching channels loses nothing. Kept for this tab only.
import { signal } from '@preact/signals';
import type { FileInfo } from '@mattermost/types/files';
import { STANDARD, type Priority } from './priority';

export interface Draft {
  text: string;
  files: FileInfo[];
  priority: Priority;
}

const EMPTY: Draft = { text: '', files: [], priority: STANDARD };

export const drafts = signal<Record<string, Draft>>({});

export const draftOf = (place: string): Draft => drafts.value[place] ?? EMPTY;

export function changeDraft(place: string, change: (draft: Draft) => Partial<Draft>): void {
  const old = draftOf(place);
  drafts.value = { ...drafts.value, [place]: { ...old, ...change(old) } };
}
