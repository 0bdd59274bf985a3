// A new post reaches this client twice: as the answer to sending and as an event. It is counted once.
import type { Post } from '@mattermost/types/posts';
import { patchChannel, patchMembership } from '../store/channels';
import { addPost, patchPost, posts } from '../store/posts';
import { myId } from '../store/session';

/** True when this client has not counted the post yet. */
const isNew = (post: Post) => posts.value[post.id] === undefined;

function countReply(post: Post): void {
  patchPost(post.root_id, (root) => {
    const known = (root.participants ?? []) as { id: string }[];
    const participants = known.some((someone) => someone.id === post.user_id) ? known : [...known, { id: post.user_id }];
    return { reply_count: (root.reply_count ?? 0) + 1, last_reply_at: post.create_at, participants: participants as Post['participants'] };
  });
}

function countMessage(post: Post, mentioned: boolean): void {
  const root = post.root_id ? 0 : 1;
  const mine = post.user_id === myId.value;
  patchChannel(post.channel_id, (channel) => ({
    last_post_at: Math.max(channel.last_post_at, post.create_at),
    total_msg_count: channel.total_msg_count + 1,
    total_msg_count_root: channel.total_msg_count_root + root,
  }));
  patchMembership(post.channel_id, (member) => ({
    msg_count: member.msg_count + (mine ? 1 : 0),
    msg_count_root: member.msg_count_root + (mine ? root : 0),
    mention_count: member.mention_count + (mentioned && !mine ? 1 : 0),
  }));
}

/** Joining and leaving is not counted by the server either. */
const isCounted = (post: Post) => !/^system_(join|leave|add_to|remove_from)_/.test(post.type);

/** Stores and counts a new post; false when it was known already. */
export function arrive(post: Post, mentioned: boolean): boolean {
  const first = isNew(post);
  if (first && post.root_id) countReply(post);
  addPost(post);
  if (first && isCounted(post)) countMessage(post, mentioned);
  return first;
}
