import type { Post } from '@mattermost/types/posts';
import { Markdown } from '../posts/Markdown';
import { config } from '../store/session';
import { AttachmentActions } from './AttachmentActions';
import { barColour, fieldRows, pictureSource, webLink, type MessageAttachment } from './attachment';

/** Message attachments of integrations: a coloured bar with words, fields, a picture and things to press. */
export function MessageAttachments({ post }: { post: Post }) {
  const list = post.props?.attachments;
  if (!Array.isArray(list)) return null;
  return (
    <>
      {(list as (MessageAttachment | null)[]).map((item, at) => item && <Attachment key={at} post={post} item={item} />)}
    </>
  );
}

function Attachment({ post, item }: { post: Post; item: MessageAttachment }) {
  const thumb = source(item.thumb_url);
  return (
    <>
      {item.pretext && <Markdown text={item.pretext} />}
      <div class="message-attachment" style={{ borderInlineStartColor: barColour(item.color) }}>
        {item.author_name && (
          <div class="attachment-line">
            {source(item.author_icon) && <img src={source(item.author_icon)} alt="" width="16" height="16" />}
            <small>
              <Linked link={item.author_link} text={item.author_name} />
            </small>
          </div>
        )}
        {item.title && (
          <strong>
            <Linked link={item.title_link} text={item.title} />
          </strong>
        )}
        <div class="attachment-body">
          <div class="attachment-text">
            {item.text && <Markdown text={item.text} />}
            {fieldRows(item.fields ?? []).map((row, at) => (
              <dl key={at} class="attachment-fields">
                {row.map((field, index) => (
                  <div key={index} class="attachment-field">
                    <dt>{field.title}</dt>
                    <dd>
                      <Markdown text={String(field.value ?? '')} />
                    </dd>
                  </div>
                ))}
              </dl>
            ))}
          </div>
          {thumb && <img class="attachment-thumb" src={thumb} alt="" loading="lazy" />}
        </div>
        <Picture link={item.image_url} name={item.title || item.fallback || 'Picture'} />
        {item.footer && (
          <div class="attachment-line">
            {source(item.footer_icon) && <img src={source(item.footer_icon)} alt="" width="16" height="16" />}
            <small class="hint">{item.footer}</small>
          </div>
        )}
        <AttachmentActions post={post} actions={item.actions} />
      </div>
    </>
  );
}

const source = (link: string | undefined) => pictureSource(link, location.origin, config.value.HasImageProxy === 'true');

function Linked({ link, text }: { link: string | undefined; text: string }) {
  const href = webLink(link);
  if (!href) return <>{text}</>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {text}
    </a>
  );
}

/** A picture of this site in place; one of another server as a link, because loading it would tell who reads. */
function Picture({ link, name }: { link: string | undefined; name: string }) {
  const shown = source(link);
  if (shown) return <img class="attachment-picture" src={shown} alt={name} loading="lazy" />;
  return webLink(link) ? <Linked link={link} text={name} /> : null;
}
