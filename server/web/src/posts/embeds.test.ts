import { expect, it } from 'vitest';
import { linkedPictures, linkPreviews, quotedPosts, withoutPreviews, writtenText } from './embeds';

const withEmbeds = (...embeds: unknown[]) => ({ metadata: { embeds } }) as never;

it('quotes messages that came with the link, and not those the reader may not see', () => {
  const quoted = quotedPosts(
    withEmbeds({ type: 'permalink', data: { post_id: 'p1', post: { id: 'p1', message: 'hi' }, team_name: 'core', channel_display_name: 'Town Square', channel_type: 'O' } }, { type: 'permalink', data: { post_id: 'p2' } }, { type: 'permalink' }),
  );
  expect(quoted).toHaveLength(1);
  expect(quoted[0]).toMatchObject({ teamName: 'core', channelName: 'Town Square', post: { message: 'hi' } });
});

it('shows pages that have a title', () => {
  const previews = linkPreviews(
    withEmbeds({ type: 'opengraph', url: 'https://a.example', data: { title: 'A', images: [{ url: 'http://a.example/1.png', secure_url: 'https://a.example/1.png' }] } }, { type: 'opengraph', url: 'https://b.example', data: {} }, { type: 'link', url: 'https://c.example' }),
  );
  expect(previews).toEqual([{ url: 'https://a.example', title: 'A', description: '', site: '', image: 'https://a.example/1.png' }]);
  expect(linkedPictures(withEmbeds({ type: 'image', url: 'https://a.example/2.png' }))).toEqual(['https://a.example/2.png']);
  expect(quotedPosts({} as never)).toEqual([]);
});

it('takes previews away for everybody and keeps what else a message has', () => {
  const props = { from_bot: 'true' };
  const post = { props, metadata: { embeds: [{ type: 'opengraph', url: 'https://a.example', data: { title: 'A' } }] } } as never;
  expect(linkPreviews(post)).toHaveLength(1);
  expect(withoutPreviews(post)).toEqual({ from_bot: 'true', remove_link_preview: 'true' });
  expect(linkPreviews({ ...(post as object), props: withoutPreviews(post) } as never)).toEqual([]);
});

it('edits what was written, not what leads through the image proxy', () => {
  expect(writtenText({ message: '![p](https://chat.example/api/v4/image?url=x)', message_source: '![p](x)' } as never)).toBe('![p](x)');
  expect(writtenText({ message: 'hi', message_source: '' } as never)).toBe('hi');
});
