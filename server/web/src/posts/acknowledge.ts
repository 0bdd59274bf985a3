// Confirming that one has read a message.
import type { Post, PostAcknowledgement } from '@mattermost/types/posts';
import { api } from '../api/client';
import { patchPost } from '../store/posts';
import { myId } from '../store/session';
import { changeAcknowledgements } from './priority';

export function receiveAcknowledgement(change: PostAcknowledgement): void {
  patchPost(change.post_id, (post) => ({ metadata: { ...post.metadata, acknowledgements: changeAcknowledgements(post.metadata?.acknowledgements, change) } }));
}

/** Confirms, or takes `mine` back. */
export async function toggleAcknowledgement(post: Post, mine: PostAcknowledgement | undefined): Promise<void> {
  if (mine) {
    await api.unacknowledgePost(post.id, myId.value);
    receiveAcknowledgement({ ...mine, acknowledged_at: 0 });
  } else {
    receiveAcknowledgement(await api.acknowledgePost(post.id, myId.value));
  }
}
