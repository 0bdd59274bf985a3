import { expect, it } from 'vitest';
import { badge, unreadOf } from './unread';

it('counts root messages and mentions', () => {
  expect(unreadOf({ total_msg_count_root: 7 }, { msg_count_root: 4, mention_count: 2 })).toEqual({ messages: 3, mentions: 2, muted: false });
  expect(unreadOf({ total_msg_count_root: 3 }, { msg_count_root: 5 }).messages).toBe(0);
  expect(unreadOf(undefined, undefined).messages).toBe(0);
  expect(unreadOf({}, { notify_props: { mark_unread: 'mention' } }).muted).toBe(true);
});

it('keeps badges short', () => {
  expect(badge(99)).toBe('99');
  expect(badge(100)).toBe('99+');
});
