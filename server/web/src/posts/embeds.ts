// What the server found behind the links of a message. Clients fetch nothing themselves: that would tell who reads.
import type { Post } from '@mattermost/types/posts';

export interface QuotedPost {
  post: Post;
  teamName: string;
  channelName: string;
  channelType: string;
}

export interface LinkPreview {
  url: string;
  title: string;
  description: string;
  site: string;
  image: string;
}

const record = (value: unknown): Record<string, unknown> => (value && typeof value === 'object' ? (value as Record<string, unknown>) : {});
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const dataOf = (post: Pick<Post, 'metadata'>, type: string) =>
  (post.metadata?.embeds ?? []).filter((embed) => embed.type === type).map((embed) => ({ url: text(embed.url), data: record((embed as { data?: unknown }).data) }));

/** Messages that the text links to and the reader may see. */
export function quotedPosts(post: Pick<Post, 'metadata'>): QuotedPost[] {
  return dataOf(post, 'permalink')
    .map(({ data }) => ({ post: data.post as Post, teamName: text(data.team_name), channelName: text(data.channel_display_name), channelType: text(data.channel_type) }))
    .filter((quoted) => Boolean(quoted.post?.id));
}

const REMOVED = 'remove_link_preview';

/** The props of a message whose author takes its previews away, for everybody. */
export const withoutPreviews = (post: Pick<Post, 'props'>): Post['props'] => ({ ...post.props, [REMOVED]: 'true' });

/** What its author wrote: a site with an image proxy shows a text whose pictures lead through it. */
export const writtenText = (post: Pick<Post, 'message'>): string => text((post as { message_source?: unknown }).message_source) || post.message;

/** Pages that the text links to; those without a title say nothing. */
export function linkPreviews(post: Pick<Post, 'metadata' | 'props'>): LinkPreview[] {
  if (record(post.props)[REMOVED] === 'true') return [];
  return dataOf(post, 'opengraph')
    .map(({ url, data }) => {
      const image = record((Array.isArray(data.images) ? data.images : [])[0]);
      return { url: text(data.url) || url, title: text(data.title), description: text(data.description), site: text(data.site_name), image: text(image.secure_url) || text(image.url) };
    })
    .filter((preview) => preview.title !== '');
}

/** Pictures that the text links to. */
export const linkedPictures = (post: Pick<Post, 'metadata'>): string[] => dataOf(post, 'image').map(({ url }) => url).filter(Boolean);
