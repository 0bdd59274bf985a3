import type { Post } from '@mattermost/types/posts';

/** A post's type as plain text: plugins add types that the published list does not know. */
export const kindOfPost = (post: Pick<Post, 'type'>): string => post.type;
