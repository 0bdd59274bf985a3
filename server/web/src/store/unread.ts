// How many messages of a channel are unread: pure arithmetic over what the server counts.

export interface CountedChannel {
  total_msg_count?: number;
  total_msg_count_root?: number;
  delete_at?: number;
}

export interface CountedMember {
  msg_count?: number;
  msg_count_root?: number;
  mention_count?: number;
  notify_props?: { mark_unread?: string };
}

export interface Unread {
  /** New root messages; replies are counted by their thread. */
  messages: number;
  mentions: number;
  muted: boolean;
}

const NOTHING: Unread = { messages: 0, mentions: 0, muted: false };

export function unreadOf(channel: CountedChannel | undefined, member: CountedMember | undefined): Unread {
  if (!channel || !member) return NOTHING;
  const messages = (channel.total_msg_count_root ?? 0) - (member.msg_count_root ?? 0);
  return {
    messages: Math.max(0, messages),
    mentions: Math.max(0, member.mention_count ?? 0),
    muted: member.notify_props?.mark_unread === 'mention',
  };
}

/** The short text of a badge. */
export function badge(count: number): string {
  return count > 99 ? '99+' : String(count);
}
