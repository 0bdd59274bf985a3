import type { Post } from '@mattermost/types/posts';
import { useEffect, useState } from 'preact/hooks';
import { api, errorText } from '../api/client';
import { t } from '../locale/locale';
import { currentTeam } from '../store/teams';
import { PanelFrame } from '../ui/PanelFrame';
import { Empty, ErrorNote, Spinner } from '../ui/states';
import { FoundPost } from './FoundPost';

export function SearchPanel({ terms }: { terms: string }) {
  const [found, setFound] = useState<Post[] | null>(null);
  const [error, setError] = useState('');
  const team = currentTeam.value;
  const run = () => {
    setFound(null);
    setError('');
    if (!team) return;
    api.searchPosts(team.id, terms, false).then(
      (answer) => setFound(answer.order.map((id) => answer.posts[id])),
      (cause) => setError(errorText(cause)),
    );
  };
  useEffect(run, [terms, team?.id]);
  return (
    <PanelFrame title={t('search.results')} subtitle={`“${terms}”`}>
      <div class="panel-scroll">
        {error && <ErrorNote text={error} retry={run} />}
        {!found && !error && <Spinner label={t('search.busy')} />}
        {found?.length === 0 && <Empty title={t('state.nothingFound')}>{t('search.none')}</Empty>}
        {found?.map((post) => (
          <FoundPost key={post.id} post={post} />
        ))}
      </div>
    </PanelFrame>
  );
}
