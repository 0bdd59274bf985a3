import type { Post } from '@mattermost/types/posts';
import { emojiCharacter } from '../emoji/emoji';
import { t } from '../locale/locale';
import { reactionsOf } from '../store/posts';
import { myId } from '../store/session';
import { displayName, users } from '../store/users';
import { attempt } from '../ui/states';
import { toggleReaction } from './send';

export interface ReactionGroup {
  emoji: string;
  userIds: string[];
}

/** Reactions of one post by emoji, in the order of the first of each. */
export function groupReactions(reactions: readonly { emoji_name: string; user_id: string; create_at: number }[]): ReactionGroup[] {
  const groups = new Map<string, string[]>();
  for (const { emoji_name, user_id } of [...reactions].sort((a, b) => a.create_at - b.create_at)) {
    groups.set(emoji_name, [...(groups.get(emoji_name) ?? []), user_id]);
  }
  return [...groups].map(([emoji, userIds]) => ({ emoji, userIds }));
}

export function Reactions({ post }: { post: Post }) {
  const groups = groupReactions(reactionsOf(post));
  if (groups.length === 0) return null;
  return (
    <div class="reactions" role="group" aria-label={t('post.reactions')}>
      {groups.map(({ emoji, userIds }) => {
        const names = userIds.map((id) => (id === myId.value ? t('people.You') : displayName(users.value[id]))).join(', ');
        const mine = userIds.includes(myId.value);
        return (
          <button
            key={emoji}
            type="button"
            class={mine ? 'reaction mine' : 'reaction'}
            aria-pressed={mine}
            aria-label={`${emoji}, ${userIds.length}`}
            title={t('post.reacted', { names, emoji })}
            onClick={() => void attempt(() => toggleReaction(post, emoji))}
          >
            <span class="emoji">{emojiCharacter(emoji) ?? `:${emoji}:`}</span> {userIds.length}
          </button>
        );
      })}
    </div>
  );
}
