import { signal } from '@preact/signals';
import type { Stream } from './streaming';

/** Streams by post id. */
export const streams = signal<Record<string, Stream>>({});
