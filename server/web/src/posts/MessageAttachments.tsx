import type { Post } from '@mattermost/types/posts';
import { Markdown } from './Markdown';

interface Attachment {
  color?: string;
  pretext?: string;
  author_name?: string;
  title?: string;
  title_link?: string;
  text?: string;
  fields?: { title: string; value: string }[] | null;
  footer?: string;
}

/** Message attachments of integrations: a bar, a title, text and fields. */
export function MessageAttachments({ post }: { post: Post }) {
  const list = post.props?.attachments;
  if (!Array.isArray(list)) return null;
  return (
    <>
      {(list as Attachment[]).map((item, at) => (
        <div key={at} class="message-attachment" style={{ borderLeftColor: /^#[0-9a-f]{6}$/i.test(item.color ?? '') ? item.color : undefined }}>
          {item.pretext && <Markdown text={item.pretext} />}
          {item.author_name && <small>{item.author_name}</small>}
          {item.title && <strong>{/^https?:/.test(item.title_link ?? '') ? <a href={item.title_link} target="_blank" rel="noopener noreferrer">{item.title}</a> : item.title}</strong>}
          {item.text && <Markdown text={item.text} />}
          {item.fields?.map((field) => (
            <div key={field.title} class="attachment-field">
              <strong>{field.title}</strong>
              <Markdown text={String(field.value ?? '')} />
            </div>
          ))}
          {item.footer && <small class="hint">{item.footer}</small>}
        </div>
      ))}
    </>
  );
}
