import type { Post, PostAcknowledgement } from '@mattermost/types/posts';
import type { Reaction } from '@mattermost/types/reactions';
import type { Handlers } from '../events';
import { channels, currentChannel, memberships } from '../store/channels';
import { myId } from '../store/session';
import { addPost, applyReaction, patchPost, posts, receivePosts, removePost } from '../store/posts';
import { stopTyping, typingPlace } from '../store/typing';
import { wantUsers } from '../store/users';
import { loadChannel, viewCurrent } from '../channels/load';
import { receiveAcknowledgement } from './acknowledge';
import { arrive } from './arrive';
import { notify } from './notify';

const decoded = <T>(text: unknown): T => JSON.parse(text as string) as T;

export const postEvents: Handlers = {
  posted({ data }) {
    const post = decoded<Post>(data.post);
    if (!channels.value[post.channel_id] || !memberships.value[post.channel_id]) {
      void loadChannel(post.channel_id).catch(() => {
        // Not a member (any more): nothing to show.
      });
    }
    wantUsers([post.user_id]);
    stopTyping(typingPlace(post.channel_id, post.root_id), post.user_id);
    const mentions = typeof data.mentions === 'string' ? decoded<string[]>(data.mentions) : [];
    const mentioned = mentions.includes(myId.value) || data.channel_type === 'D';
    if (!arrive(post, mentioned)) return;
    if (currentChannel.value?.id === post.channel_id) viewCurrent();
    if (mentioned && post.user_id !== myId.value) notify(post, (data.sender_name as string) ?? '');
  },
  post_edited({ data }) {
    const post = decoded<Post>(data.post);
    if (posts.value[post.id]) receivePosts([{ ...posts.value[post.id], ...post, reply_count: Math.max(post.reply_count ?? 0, posts.value[post.id].reply_count ?? 0) }]);
  },
  post_deleted({ data }) {
    const post = decoded<Post>(data.post);
    if (post.root_id && posts.value[post.id]) {
      patchPost(post.root_id, (root) => ({ reply_count: Math.max(0, (root.reply_count ?? 0) - 1) }));
    }
    removePost(post);
  },
  ephemeral_message({ data }) {
    addPost(decoded<Post>(data.post));
  },
  post_acknowledgement_added({ data }) {
    receiveAcknowledgement(decoded<PostAcknowledgement>(data.acknowledgement));
  },
  post_acknowledgement_removed({ data }) {
    receiveAcknowledgement({ ...decoded<PostAcknowledgement>(data.acknowledgement), acknowledged_at: 0 });
  },
  reaction_added({ data }) {
    const reaction = decoded<Reaction>(data.reaction);
    wantUsers([reaction.user_id]);
    applyReaction(reaction, 'add');
  },
  reaction_removed({ data }) {
    applyReaction(decoded<Reaction>(data.reaction), 'remove');
  },
};
