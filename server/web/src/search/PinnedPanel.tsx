import type { Post } from '@mattermost/types/posts';
import { useEffect, useState } from 'preact/hooks';
import { api, errorText } from '../api/client';
import { t } from '../locale/locale';
import { PanelFrame } from '../ui/PanelFrame';
import { Empty, ErrorNote, Spinner } from '../ui/states';
import { FoundPost } from './FoundPost';

export function PinnedPanel({ channelId }: { channelId: string }) {
  const [pinned, setPinned] = useState<Post[] | null>(null);
  const [error, setError] = useState('');
  const load = () => {
    setError('');
    api.getPinnedPosts(channelId).then(
      (answer) => setPinned(answer.order.map((id) => answer.posts[id])),
      (cause) => setError(errorText(cause)),
    );
  };
  useEffect(load, [channelId]);
  return (
    <PanelFrame title={t('channel.pinned')}>
      <div class="panel-scroll">
        {error && <ErrorNote text={error} retry={load} />}
        {!pinned && !error && <Spinner />}
        {pinned?.length === 0 && <Empty title={t('pinned.none')}>{t('pinned.noneHint')}</Empty>}
        {pinned?.map((post) => (
          <FoundPost key={post.id} post={post} />
        ))}
      </div>
    </PanelFrame>
  );
}
