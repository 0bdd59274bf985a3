// How pressing a message is, and who has confirmed that they read it.
import type { Post, PostAcknowledgement } from '@mattermost/types/posts';

export interface Priority {
  priority: '' | 'important' | 'urgent';
  /** Readers are asked to confirm. */
  requested_ack: boolean;
  /** Whoever is mentioned is told again until they answer. */
  persistent_notifications: boolean;
}

export const STANDARD: Priority = { priority: '', requested_ack: false, persistent_notifications: false };

export const isStandard = (wanted: Priority) => wanted.priority === '' && !wanted.requested_ack;

export function priorityOf(post: Pick<Post, 'metadata'>): Priority {
  const given = post.metadata?.priority as Partial<Priority> | undefined;
  return {
    priority: given?.priority === 'important' || given?.priority === 'urgent' ? given.priority : '',
    requested_ack: given?.requested_ack === true,
    persistent_notifications: given?.persistent_notifications === true,
  };
}

/** Only urgent messages can be told again. */
export function withPriority(old: Priority, priority: Priority['priority']): Priority {
  return { ...old, priority, persistent_notifications: priority === 'urgent' && old.persistent_notifications };
}

/** Confirmations after somebody confirmed or took it back (`acknowledged_at` 0). */
export function changeAcknowledgements(known: readonly PostAcknowledgement[] | undefined, change: PostAcknowledgement): PostAcknowledgement[] {
  const others = (known ?? []).filter((one) => one.user_id !== change.user_id);
  return change.acknowledged_at > 0 ? [...others, change] : others;
}
