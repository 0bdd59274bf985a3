// The order of posts in one channel or one thread: pure list work.
import type { Post } from '@mattermost/types/posts';

export interface Timeline {
  /** Post ids, oldest first. */
  ids: string[];
  /** Older posts exist on the server. */
  hasOlder: boolean;
  /** Newer posts exist on the server: the list was opened in the past. */
  hasNewer: boolean;
  state: 'loading' | 'ready' | 'failed';
  error: string;
}

export const EMPTY: Timeline = { ids: [], hasOlder: true, hasNewer: false, state: 'loading', error: '' };

type Posts = Record<string, Post>;

/** Adds ids, keeps them unique and in order of creation. A pending post gives way to the stored one. */
export function merge(ids: readonly string[], added: readonly string[], posts: Posts): string[] {
  const all = new Set([...ids, ...added]);
  for (const id of added) {
    const pending = posts[id]?.pending_post_id;
    if (pending && pending !== id) all.delete(pending);
  }
  return [...all]
    .filter((id) => posts[id] !== undefined)
    .sort((a, b) => posts[a].create_at - posts[b].create_at || (a < b ? -1 : 1));
}

export function without(ids: readonly string[], gone: string): string[] {
  return ids.filter((id) => id !== gone);
}

/** Posts of one author within five minutes are drawn as one group. */
export function startsGroup(previous: Post | undefined, post: Post): boolean {
  const FIVE_MINUTES_MS = 5 * 60_000;
  if (!previous) return true;
  return (
    previous.user_id !== post.user_id ||
    previous.type !== post.type ||
    post.type !== '' ||
    // A priority is written beside the name.
    Boolean(post.metadata?.priority?.priority) ||
    (previous.root_id ?? '') !== (post.root_id ?? '') ||
    post.create_at - previous.create_at > FIVE_MINUTES_MS ||
    previous.props?.override_username !== post.props?.override_username
  );
}

/** True for the first post of another day in the reader's time zone. */
export function startsDay(previous: Post | undefined, post: Post): boolean {
  return !previous || new Date(previous.create_at).toDateString() !== new Date(post.create_at).toDateString();
}

/** The id of the first post of others after `lastViewed`, where the "New" line goes. */
export function firstUnread(ids: readonly string[], posts: Posts, lastViewed: number, myId: string): string {
  return ids.find((id) => posts[id].create_at > lastViewed && posts[id].user_id !== myId) ?? '';
}
