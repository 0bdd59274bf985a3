// Pages of posts. Threads are collapsed: a channel's timeline holds root posts only.
import type { PostList } from '@mattermost/types/posts';
import { api, errorText } from '../api/client';
import { memberships } from '../store/channels';
import { posts, receivePage, timelines, updateTimeline } from '../store/posts';
import { EMPTY } from '../store/timeline';
import { wantUsers } from '../store/users';

const PAGE = 40;

function wantAuthors(page: PostList): void {
  const ids = new Set<string>();
  for (const post of Object.values(page.posts)) {
    ids.add(post.user_id);
    for (const someone of post.participants ?? []) ids.add(typeof someone === 'string' ? someone : someone.id);
    for (const reaction of post.metadata?.reactions ?? []) ids.add(reaction.user_id);
  }
  wantUsers(ids);
}

const oldest = (channelId: string) => timelines.value[channelId]?.ids.find((id) => !id.includes(':'));
const newest = (channelId: string) => timelines.value[channelId]?.ids.findLast((id) => !id.includes(':'));

/** The newest page; keeps what is already shown. */
export async function loadLatest(channelId: string): Promise<void> {
  const known = timelines.value[channelId];
  if (!known) updateTimeline(channelId, () => EMPTY);
  try {
    const page = await api.getPosts(channelId, 0, PAGE, true, true, false);
    wantAuthors(page);
    const shown = timelines.value[channelId]?.ids ?? [];
    // A gap between the old list and this page would hide messages: start again from the page.
    const gap = shown.length > 0 && page.order.length >= PAGE && !page.order.some((id) => shown.includes(id));
    if (gap) updateTimeline(channelId, () => ({ ids: shown.filter((id) => id.includes(':')) }));
    const hasOlder = gap || shown.length === 0 ? page.prev_post_id !== '' : (known?.hasOlder ?? page.prev_post_id !== '');
    receivePage(channelId, page, { hasOlder, hasNewer: false });
    dropDeleted(channelId, page);
  } catch (cause) {
    updateTimeline(channelId, () => ({ state: 'failed', error: errorText(cause) }));
  }
}

/** Posts within the page's span that the page no longer holds have been deleted meanwhile. */
function dropDeleted(channelId: string, page: PostList): void {
  const first = page.order.at(-1);
  if (!first) return;
  const from = page.posts[first].create_at;
  const listed = new Set(page.order);
  updateTimeline(channelId, (old) => ({
    ids: old.ids.filter((id) => listed.has(id) || id.includes(':') || posts.value[id].create_at <= from || posts.value[id].type === 'system_ephemeral'),
  }));
}

/** The next page upwards; `beforeChange` runs right before the list grows, to remember where the reader is. */
export async function loadOlder(channelId: string, beforeChange: () => void): Promise<void> {
  const first = oldest(channelId);
  const timeline = timelines.value[channelId];
  if (!first || !timeline?.hasOlder) return;
  const page = await api.getPostsBefore(channelId, first, 0, PAGE, true, true, false);
  beforeChange();
  wantAuthors(page);
  receivePage(channelId, page, { hasOlder: page.prev_post_id !== '' && page.order.length > 0 });
}

export async function loadNewer(channelId: string): Promise<void> {
  const last = newest(channelId);
  if (!last || !timelines.value[channelId]?.hasNewer) return;
  const page = await api.getPostsAfter(channelId, last, 0, PAGE, true, true, false);
  wantAuthors(page);
  receivePage(channelId, page, { hasNewer: page.next_post_id !== '' && page.order.length > 0 });
}

/** Opens the timeline around one post, for permalinks. */
export async function loadAround(channelId: string, postId: string): Promise<void> {
  updateTimeline(channelId, () => EMPTY);
  try {
    const [before, after, thread] = await Promise.all([
      api.getPostsBefore(channelId, postId, 0, PAGE / 2, true, true, false),
      api.getPostsAfter(channelId, postId, 0, PAGE / 2, true, true, false),
      api.getPostThread(postId, true, true, false),
    ]);
    for (const page of [before, after]) wantAuthors(page);
    const rootId = thread.posts[postId]?.root_id || postId;
    receivePage(channelId, { ...before, order: [...before.order, rootId], posts: { ...thread.posts, ...before.posts } }, { hasOlder: before.prev_post_id !== '' });
    receivePage(channelId, after, { hasNewer: after.next_post_id !== '' });
  } catch (cause) {
    updateTimeline(channelId, () => ({ state: 'failed', error: errorText(cause) }));
  }
}

/** The time up to which the open channel had been read when it was opened: where the "New" line goes. */
export function lastViewed(channelId: string): number {
  return memberships.value[channelId]?.last_viewed_at ?? 0;
}
