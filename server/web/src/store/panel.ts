// What the right-hand panel shows.
import { signal } from '@preact/signals';

export type Panel =
  | { kind: 'thread'; rootId: string }
  | { kind: 'search'; terms: string }
  | { kind: 'members'; channelId: string }
  | { kind: 'pinned'; channelId: string };

export const panel = signal<Panel | null>(null);
/** The sidebar is a drawer on narrow screens. */
export const drawerOpen = signal(false);
/** A post to scroll to and light up for a moment. */
export const highlighted = signal('');

export function openThread(rootId: string): void {
  panel.value = { kind: 'thread', rootId };
}

export function closePanel(): void {
  panel.value = null;
}
