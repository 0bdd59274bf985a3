import type { Post } from '@mattermost/types/posts';
import { expect, it } from 'vitest';
import { firstUnread, merge, startsGroup } from './timeline';

const post = (id: string, at: number, more: Partial<Post> = {}): Post =>
  ({ id, create_at: at, user_id: 'u', type: '', root_id: '', pending_post_id: '', ...more }) as Post;
const byId = (...list: Post[]) => Object.fromEntries(list.map((one) => [one.id, one]));

it('keeps one entry when the stored message replaces the one being sent', () => {
  const posts = byId(post('a', 1), post('u:2', 2, { pending_post_id: 'u:2' }), post('b', 3, { pending_post_id: 'u:2' }));
  expect(merge(['a', 'u:2'], ['b'], posts)).toEqual(['a', 'b']);
});

it('orders pages that overlap and ignores what is unknown', () => {
  const posts = byId(post('a', 1), post('b', 2), post('c', 3));
  expect(merge(['b', 'c'], ['a', 'b', 'gone'], posts)).toEqual(['a', 'b', 'c']);
});

it('groups messages of one author within five minutes', () => {
  expect(startsGroup(post('a', 0), post('b', 60_000))).toBe(false);
  expect(startsGroup(post('a', 0), post('b', 400_000))).toBe(true);
  expect(startsGroup(post('a', 0), post('b', 1, { user_id: 'v' }))).toBe(true);
});

it('puts the line of new messages before the first one of others', () => {
  const posts = byId(post('a', 1), post('mine', 5, { user_id: 'me' }), post('b', 6));
  expect(firstUnread(['a', 'mine', 'b'], posts, 3, 'me')).toBe('b');
  expect(firstUnread(['a'], posts, 3, 'me')).toBe('');
});
