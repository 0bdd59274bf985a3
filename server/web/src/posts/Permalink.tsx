import { useEffect, useState } from 'preact/hooks';
import { errorText } from '../api/client';
import { api } from '../api/client';
import { loadChannel } from '../channels/load';
import { pathOf } from '../channels/path';
import { navigate } from '../routing/navigate';
import { memberships, channels } from '../store/channels';
import { myId } from '../store/session';
import { highlighted, panel } from '../store/panel';
import { ErrorNote, Spinner } from '../ui/states';
import { loadAround } from './load';

/** Opens the channel of a post with the post in view. */
export function Permalink({ postId }: { postId: string }) {
  const [error, setError] = useState('');
  useEffect(() => {
    goToPost(postId).catch((cause) => setError(errorText(cause)));
  }, [postId]);
  return error ? (
    <div class="center-note">
      <ErrorNote text={error} />
    </div>
  ) : (
    <Spinner />
  );
}

export async function goToPost(postId: string): Promise<void> {
  const post = await api.getPost(postId);
  if (!memberships.value[post.channel_id]) {
    const channel = await api.getChannel(post.channel_id);
    if (channel.type === 'O') await api.addToChannel(myId.value, channel.id);
    await loadChannel(post.channel_id);
  }
  await loadAround(post.channel_id, post.root_id || post.id);
  highlighted.value = post.root_id || post.id;
  if (post.root_id) panel.value = { kind: 'thread', rootId: post.root_id };
  navigate(pathOf(channels.value[post.channel_id]), 'replace');
}
