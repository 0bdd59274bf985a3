import { posts, threads, timelines } from '../store/posts';
import { myId } from '../store/session';

/** The newest message of one's own in a channel or thread; empty when there is none. */
export function lastOwnPost(channelId: string, rootId: string): string {
  const ids = (rootId ? threads.value[rootId] : timelines.value[channelId])?.ids ?? [];
  return ids.findLast((id) => posts.value[id]?.user_id === myId.value && !id.includes(':')) ?? '';
}
