import type { Post as PostData } from '@mattermost/types/posts';
import { channelTitle } from '../channels/title';
import { t } from '../locale/locale';
import { goToPost } from '../posts/Permalink';
import { Markdown } from '../posts/Markdown';
import { channels } from '../store/channels';
import { displayName, users, wantUsers } from '../store/users';
import { Avatar } from '../ui/Avatar';
import { attempt } from '../ui/states';
import { clock, dayName } from '../ui/time';

/** A message outside its channel, with the way to it. */
export function FoundPost({ post }: { post: PostData }) {
  wantUsers([post.user_id]);
  const channel = channels.value[post.channel_id];
  return (
    <article class="found-post" data-post-id={post.id}>
      <small class="hint">
        {channel ? channelTitle(channel) : ''} · {dayName(post.create_at)} {clock(post.create_at)}
      </small>
      <div class="found-body">
        <Avatar userId={post.user_id} size={28} />
        <div class="post-main">
          <strong>{displayName(users.value[post.user_id])}</strong>
          <Markdown text={post.message} />
        </div>
      </div>
      <button type="button" class="button small" onClick={() => void attempt(() => goToPost(post.id))}>
        {t('search.go')}
      </button>
    </article>
  );
}
