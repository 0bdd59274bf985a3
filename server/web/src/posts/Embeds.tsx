import type { Post } from '@mattermost/types/posts';
import { useState } from 'preact/hooks';
import { Attachments } from '../files/Attachments';
import { pictureSource, webLink } from '../interactive/attachment';
import { t } from '../locale/locale';
import { preference } from '../store/preferences';
import { config, myId } from '../store/session';
import { displayName, users, wantUsers } from '../store/users';
import { Avatar } from '../ui/Avatar';
import { attempt } from '../ui/states';
import { clock, dayName, fullTime } from '../ui/time';
import { linkedPictures, linkPreviews, quotedPosts, type LinkPreview, type QuotedPost } from './embeds';
import { Markdown } from './Markdown';
import { goToPost } from './Permalink';
import { removePreviews } from './send';

const source = (link: string) => pictureSource(link, location.origin, config.value.HasImageProxy === 'true');

/** What is behind the links of a message: quoted messages, page previews, pictures. */
export function Embeds({ post }: { post: Post }) {
  return (
    <>
      {quotedPosts(post).map((quoted) => (
        <Quote key={quoted.post.id} quoted={quoted} />
      ))}
      <Previews post={post} />
      {linkedPictures(post).map((url) => source(url) && <img key={url} class="attachment-picture" src={source(url)} alt="" loading="lazy" />)}
    </>
  );
}

function Quote({ quoted: { post, channelName, channelType } }: { quoted: QuotedPost }) {
  const author = users.value[post.user_id];
  if (!author) wantUsers([post.user_id]);
  const name = (post.props?.override_username as string) || displayName(author);
  return (
    <blockquote class="quote" aria-label={`Message of ${name}`}>
      <div class="quote-head">
        <Avatar userId={post.user_id} size={22} />
        <strong>{name}</strong>
        <time class="hint" title={fullTime(post.create_at)}>
          {dayName(post.create_at)}, {clock(post.create_at)}
        </time>
      </div>
      <div class="quote-text">
        <Markdown text={post.message} />
      </div>
      <Attachments post={post} />
      <button type="button" class="link" onClick={() => void attempt(() => goToPost(post.id))}>
        Go to message{channelType === 'O' || channelType === 'P' ? ` in ${channelName}` : ''}
      </button>
    </blockquote>
  );
}

/** Pages behind the links. A reader hides them for themselves, as their settings say at first; the author for everybody. */
function Previews({ post }: { post: Post }) {
  const [hidden, setHidden] = useState(preference('display_settings', 'collapse_previews') === 'true');
  const previews = linkPreviews(post);
  if (previews.length === 0) return null;
  return (
    <>
      {!hidden && previews.map((preview) => <Preview key={preview.url} preview={preview} />)}
      <div class="row">
        <button type="button" class="link hint" aria-expanded={!hidden} onClick={() => setHidden(!hidden)}>
          {t(hidden ? 'post.previewShow' : 'post.previewHide')}
        </button>
        {!hidden && post.user_id === myId.value && (
          <button type="button" class="link hint" onClick={() => void attempt(() => removePreviews(post))}>
            {t('post.previewRemove')}
          </button>
        )}
      </div>
    </>
  );
}

function Preview({ preview }: { preview: LinkPreview }) {
  const picture = preview.image ? source(preview.image) : '';
  return (
    <div class="message-attachment">
      {preview.site && <small class="hint">{preview.site}</small>}
      <strong>
        {webLink(preview.url) ? (
          <a href={preview.url} target="_blank" rel="noopener noreferrer">
            {preview.title}
          </a>
        ) : (
          preview.title
        )}
      </strong>
      {preview.description && <p class="quote-text">{preview.description}</p>}
      {picture && <img class="attachment-picture" src={picture} alt="" loading="lazy" />}
    </div>
  );
}
