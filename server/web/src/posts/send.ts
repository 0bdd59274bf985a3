// Sending, editing, deleting and reacting. A message is on screen before the server has it.
import type { Post } from '@mattermost/types/posts';
import type { FileInfo } from '@mattermost/types/files';
import { api, errorText } from '../api/client';
import { myId } from '../store/session';
import { addPost, applyReaction, clearFailure, failPost, posts, reactionsOf, receivePosts, removePost } from '../store/posts';
import { arrive } from './arrive';
import { isCommand, runCommand } from './command';
import { withoutPreviews } from './embeds';
import { isStandard, type Priority } from './priority';

let lastPending = 0;

/** Pending ids are `{userId}:{ms}`; two messages in one millisecond still get two ids. */
function pendingId(): string {
  lastPending = Math.max(Date.now(), lastPending + 1);
  return `${myId.value}:${lastPending}`;
}

/** Shows the message at once and sends it. */
export async function sendPost(channelId: string, rootId: string, message: string, files: readonly FileInfo[], priority: Priority): Promise<void> {
  if (isCommand(message) && files.length === 0) {
    await runCommand(message, channelId, rootId);
    return;
  }
  const id = pendingId();
  const now = Date.now();
  addPost({
    id,
    pending_post_id: id,
    user_id: myId.value,
    channel_id: channelId,
    root_id: rootId,
    message,
    type: '',
    create_at: now,
    update_at: now,
    edit_at: 0,
    delete_at: 0,
    reply_count: 0,
    props: {},
    file_ids: files.map((file) => file.id),
    metadata: isStandard(priority) ? { files: [...files] } : { files: [...files], priority },
  } as unknown as Post);
  await transmit(id);
}

async function transmit(id: string): Promise<void> {
  const draft = posts.value[id];
  if (!draft) return;
  clearFailure(id);
  try {
    const stored = await api.createPost({
      channel_id: draft.channel_id,
      root_id: draft.root_id,
      message: draft.message,
      pending_post_id: id,
      file_ids: draft.file_ids,
      ...(draft.metadata.priority ? { metadata: { priority: draft.metadata.priority } } : {}),
    } as Parameters<typeof api.createPost>[0]);
    arrive(stored, false);
  } catch (cause) {
    failPost(id, errorText(cause));
  }
}

/** Sends a failed message again under the same id, so that the server cannot store it twice. */
export const retryPost = transmit;

export function discardPost(id: string): void {
  clearFailure(id);
  const draft = posts.value[id];
  if (draft) removePost(draft);
}

export async function editPost(id: string, message: string): Promise<void> {
  receivePosts([await api.patchPost({ id, message })]);
}

/** Takes the previews of one's own message away, for everybody. */
export async function removePreviews(post: Post): Promise<void> {
  receivePosts([await api.patchPost({ id: post.id, props: withoutPreviews(post) })]);
}

export async function deletePost(post: Post): Promise<void> {
  await api.deletePost(post.id);
  removePost(post);
}

export async function toggleReaction(post: Post, emoji: string): Promise<void> {
  const mine = reactionsOf(post).some((reaction) => reaction.user_id === myId.value && reaction.emoji_name === emoji);
  if (mine) {
    await api.removeReaction(myId.value, post.id, emoji);
    applyReaction({ user_id: myId.value, post_id: post.id, emoji_name: emoji, create_at: 0 }, 'remove');
  } else {
    applyReaction(await api.addReaction(myId.value, post.id, emoji), 'add');
  }
}
