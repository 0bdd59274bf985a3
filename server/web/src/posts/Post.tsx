// One message: who, when, what, and what can be done with it.
import type { Post as PostData } from '@mattermost/types/posts';
import { memo } from 'preact/compat';
import { useState } from 'preact/hooks';
import { AgentMessage, isAgentPost } from '../agents/AgentMessage';
import { CallPost } from '../calls/CallPost';
import { RecordingPost } from '../calls/RecordingPost';
import { TranscriptPost } from '../calls/TranscriptPost';
import { Attachments } from '../files/Attachments';
import { MessageAttachments } from '../interactive/MessageAttachments';
import { t } from '../locale/locale';
import { failedPosts, removePost } from '../store/posts';
import { openThread } from '../store/panel';
import { displayName, users, wantUsers } from '../store/users';
import { isTranslated, TranslatedMessage } from '../translation/TranslatedMessage';
import { Avatar } from '../ui/Avatar';
import { Icon } from '../ui/Icon';
import { clock, fullTime } from '../ui/time';
import { kindOfPost } from './kind';
import { EditForm } from './EditForm';
import { Markdown } from './Markdown';
import { Acknowledgements } from './Acknowledgements';
import { Embeds } from './Embeds';
import { priorityOf } from './priority';
import { PriorityTag } from './PriorityTag';
import { PostActions } from './PostActions';
import { Reactions } from './Reactions';
import { discardPost, retryPost } from './send';

interface Props {
  post: PostData;
  /** Drawn under the previous message of the same author, without a name. */
  grouped?: boolean;
  lit?: boolean;
  /** Inside a thread there is no link to the thread. */
  inThread?: boolean;
}

const isSystem = (post: PostData) => post.type.startsWith('system_') && post.type !== 'system_ephemeral';

export const Post = memo(function Post({ post, grouped = false, lit = false, inThread = false }: Props) {
  const [editing, setEditing] = useState(false);
  const user = users.value[post.user_id];
  if (!user) wantUsers([post.user_id]);
  const name = (post.props?.override_username as string) || displayName(user);
  const failed = failedPosts.value[post.id];
  const pending = post.id === post.pending_post_id;
  if (isSystem(post)) return <SystemPost post={post} />;
  const classes = ['post', grouped && 'grouped', lit && 'lit', pending && 'pending', failed && 'failed', post.type === 'system_ephemeral' && 'ephemeral'];
  return (
    <article class={classes.filter(Boolean).join(' ')} data-post-id={post.id} aria-label={`${name}: ${post.message.slice(0, 120)}`}>
      <div class="post-side">
        {grouped ? (
          <time class="post-time-side" title={fullTime(post.create_at)}>
            {clock(post.create_at)}
          </time>
        ) : (
          <Avatar userId={post.user_id} presence={!user?.is_bot} />
        )}
      </div>
      <div class="post-main">
        {!grouped && (
          <div class="post-head">
            <strong class="post-author">{name}</strong>
            {(user?.is_bot || post.props?.from_bot === 'true' || post.props?.from_webhook === 'true') && <span class="tag">{t('post.bot')}</span>}
            <time title={fullTime(post.create_at)}>{clock(post.create_at)}</time>
            <PriorityTag value={priorityOf(post)} />
            {post.is_pinned && (
              <span class="hint" title={t('post.pinned')}>
                <Icon name="pin" size={13} />
              </span>
            )}
            {post.type === 'system_ephemeral' && (
              <span class="hint">
                {t('post.onlyYou')} ·{' '}
                <button type="button" class="link" onClick={() => removePost(post)}>
                  {t('action.dismiss')}
                </button>
              </span>
            )}
          </div>
        )}
        {editing ? <EditForm post={post} done={() => setEditing(false)} /> : <Content post={post} />}
        {failed && (
          <div class="send-failed" role="alert">
            <Icon name="warning" size={14} /> {t('post.notSent', { reason: failed })}
            <button type="button" class="link" onClick={() => void retryPost(post.id)}>
              {t('post.retry')}
            </button>
            <button type="button" class="link" onClick={() => discardPost(post.id)}>
              {t('post.discard')}
            </button>
          </div>
        )}
        <Reactions post={post} />
        {!inThread && (post.reply_count ?? 0) > 0 && <ThreadLink post={post} />}
      </div>
      {!pending && !editing && post.type !== 'system_ephemeral' && <PostActions post={post} edit={() => setEditing(true)} inThread={inThread} />}
    </article>
  );
});

function Content({ post }: { post: PostData }) {
  switch (kindOfPost(post)) {
    case 'custom_calls':
      return <CallPost post={post} />;
    case 'custom_calls_recording':
      return <RecordingPost post={post} />;
    case 'custom_calls_transcription':
      return <TranscriptPost post={post} />;
  }
  if (isAgentPost(post)) return <AgentMessage post={post} />;
  return (
    <>
      <div class="post-text">
        {isTranslated(post) ? <TranslatedMessage post={post} /> : post.message && <Markdown text={post.message} />}
        {post.edit_at > 0 && <span class="edited">{t('post.edited')}</span>}
      </div>
      <MessageAttachments post={post} />
      <Embeds post={post} />
      <Attachments post={post} />
      <Acknowledgements post={post} />
    </>
  );
}

function SystemPost({ post }: { post: PostData }) {
  return (
    <article class="post system" data-post-id={post.id} aria-label={post.message}>
      <div class="post-side" />
      <div class="post-main">
        <Markdown text={post.message} />
        <time title={fullTime(post.create_at)}>{clock(post.create_at)}</time>
      </div>
    </article>
  );
}

function ThreadLink({ post }: { post: PostData }) {
  const people = ((post.participants ?? []) as { id: string }[]).map((someone) => someone.id).slice(0, 4);
  const count = post.reply_count ?? 0;
  return (
    <button type="button" class="thread-link" onClick={() => openThread(post.id)}>
      <span class="avatar-row">
        {people.map((id) => (
          <Avatar key={id} userId={id} size={20} />
        ))}
      </span>
      {t('post.replies', { count })}
      {(post.last_reply_at ?? 0) > 0 && <span class="hint">{t('post.lastAt', { time: clock(post.last_reply_at ?? 0) })}</span>}
    </button>
  );
}
