// Answers that are being written. Pure: what is shown after each update event.

export interface Stream {
  /** The whole text so far; null before the first word. */
  text: string | null;
  state: 'waiting' | 'writing' | 'done' | 'cancelled';
}

export interface Update {
  post_id: string;
  /** Full text so far, not a piece. */
  next?: string;
  control?: 'start' | 'end' | 'cancel' | 'tool_call';
}

/** The next state. After the end a late piece of text changes nothing. */
export function advance(old: Stream | undefined, update: Update): Stream {
  const now: Stream = old ?? { text: null, state: 'waiting' };
  switch (update.control) {
    case 'start':
      return { text: null, state: 'waiting' };
    case 'cancel':
      return { ...now, state: 'cancelled' };
    case 'end':
      return now.state === 'cancelled' ? now : { ...now, state: 'done' };
  }
  if (typeof update.next !== 'string' || now.state === 'done' || now.state === 'cancelled') return now;
  return { text: update.next, state: 'writing' };
}

/** True while the answer can be stopped. */
export function isRunning(stream: Stream | undefined): boolean {
  return stream?.state === 'waiting' || stream?.state === 'writing';
}
