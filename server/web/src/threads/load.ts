import { api, errorText } from '../api/client';
import { receivePosts, threads, posts, updateThread } from '../store/posts';
import { EMPTY, merge } from '../store/timeline';
import { wantUsers } from '../store/users';

/** The root and all replies of a thread. */
export async function loadThread(rootId: string): Promise<void> {
  if (!threads.value[rootId]) updateThread(rootId, () => EMPTY);
  const before = new Set(threads.value[rootId].ids);
  try {
    const list = await api.getPostThread(rootId, true, true, false);
    const all = Object.values(list.posts);
    receivePosts(all);
    wantUsers(all.map((post) => post.user_id));
    // What is being sent, and what arrived while the answer was on its way, is not in the answer.
    const kept = threads.value[rootId].ids.filter((id) => id.includes(':') || !before.has(id));
    const stored = all.filter((post) => post.id === rootId || post.root_id === rootId).map((post) => post.id);
    updateThread(rootId, () => ({ ids: merge(kept, stored, posts.value), hasOlder: false, state: 'ready', error: '' }));
  } catch (cause) {
    updateThread(rootId, () => ({ state: 'failed', error: errorText(cause) }));
  }
}
