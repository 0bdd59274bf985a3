// Posts by id, and the timelines of channels and threads that show them.
import { signal } from '@preact/signals';
import type { Post, PostList } from '@mattermost/types/posts';
import type { Reaction } from '@mattermost/types/reactions';
import { EMPTY, merge, without, type Timeline } from './timeline';

export const posts = signal<Record<string, Post>>({});
export const timelines = signal<Record<string, Timeline>>({});
/** Timelines of threads by root id; they hold the root too. */
export const threads = signal<Record<string, Timeline>>({});
/** Why sending a pending post failed, by pending id. */
export const failedPosts = signal<Record<string, string>>({});

export function receivePosts(list: readonly Post[]): void {
  const next = { ...posts.value };
  for (const post of list) {
    const known = next[post.id];
    // An older copy must not undo what an event has already said.
    if (known && known.update_at > post.update_at) continue;
    // Some answers leave out what others carry.
    const participants = post.participants?.length ? post.participants : known?.participants;
    next[post.id] = { ...post, participants: participants ?? [], metadata: post.metadata ?? known?.metadata };
    if (post.pending_post_id && post.pending_post_id !== post.id) delete next[post.pending_post_id];
  }
  posts.value = next;
}

export function patchPost(id: string, change: (post: Post) => Partial<Post>): void {
  const post = posts.value[id];
  if (post) posts.value = { ...posts.value, [id]: { ...post, ...change(post) } };
}

function update(kind: typeof timelines, id: string, change: (old: Timeline) => Partial<Timeline>): void {
  const old = kind.value[id] ?? EMPTY;
  kind.value = { ...kind.value, [id]: { ...old, ...change(old) } };
}

export const updateTimeline = (channelId: string, change: (old: Timeline) => Partial<Timeline>) =>
  update(timelines, channelId, change);
export const updateThread = (rootId: string, change: (old: Timeline) => Partial<Timeline>) => update(threads, rootId, change);

/** Adds a page of root posts to a channel's timeline. */
export function receivePage(channelId: string, page: PostList, ends: Partial<Pick<Timeline, 'hasOlder' | 'hasNewer'>>): void {
  receivePosts(Object.values(page.posts));
  const roots = page.order.filter((id) => !posts.value[id]?.root_id);
  updateTimeline(channelId, (old) => ({ ids: merge(old.ids, roots, posts.value), state: 'ready', error: '', ...ends }));
}

/** A new post, from an event or from sending. */
export function addPost(post: Post): void {
  receivePosts([post]);
  const thread = post.root_id ? threads.value[post.root_id] : undefined;
  if (thread) updateThread(post.root_id, (old) => ({ ids: merge(old.ids, [post.id], posts.value) }));
  const timeline = timelines.value[post.channel_id];
  if (!post.root_id && timeline && !timeline.hasNewer) {
    updateTimeline(post.channel_id, (old) => ({ ids: merge(old.ids, [post.id], posts.value) }));
  }
  if (post.pending_post_id) clearFailure(post.pending_post_id);
}

/** Takes a post off every list; a root takes its thread with it. */
export function removePost(post: Pick<Post, 'id' | 'channel_id' | 'root_id'>): void {
  if (timelines.value[post.channel_id]) updateTimeline(post.channel_id, (old) => ({ ids: without(old.ids, post.id) }));
  if (post.root_id && threads.value[post.root_id]) updateThread(post.root_id, (old) => ({ ids: without(old.ids, post.id) }));
  const { [post.id]: _gone, ...rest } = posts.value;
  posts.value = rest;
}

export function failPost(pendingId: string, why: string): void {
  failedPosts.value = { ...failedPosts.value, [pendingId]: why };
}

export function clearFailure(pendingId: string): void {
  if (!(pendingId in failedPosts.value)) return;
  const { [pendingId]: _gone, ...rest } = failedPosts.value;
  failedPosts.value = rest;
}

export function reactionsOf(post: Post): Reaction[] {
  return post.metadata?.reactions ?? [];
}

export function applyReaction(reaction: Reaction, how: 'add' | 'remove'): void {
  patchPost(reaction.post_id, (post) => {
    const others = reactionsOf(post).filter(
      (known) => known.user_id !== reaction.user_id || known.emoji_name !== reaction.emoji_name,
    );
    const reactions = how === 'add' ? [...others, reaction] : others;
    return { metadata: { ...post.metadata, reactions } };
  });
}

export function clearPosts(): void {
  posts.value = {};
  timelines.value = {};
  threads.value = {};
  failedPosts.value = {};
}
