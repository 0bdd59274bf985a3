import { useEffect, useState } from 'preact/hooks';
import { api, errorText } from '../api/client';
import { AuthFrame } from '../auth/AuthFrame';
import { loadTeams } from '../auth/session';
import { loadChannels } from '../channels/load';
import { t } from '../locale/locale';
import { followLink, navigate } from '../routing/navigate';
import { teams } from '../store/teams';
import { ErrorNote, Spinner } from '../ui/states';

/** Somebody who has an account opened an invite link. */
export function JoinTeamPage({ inviteId, token }: { inviteId: string; token: string }) {
  const [error, setError] = useState('');
  useEffect(() => {
    const join = async () => {
      const member = await api.addToTeamFromInvite(token, inviteId);
      await Promise.all([loadTeams(), loadChannels()]);
      const team = teams.value.find((known) => known.id === member.team_id);
      navigate(team ? `/${team.name}` : '/', 'replace');
    };
    join().catch((cause) => setError(errorText(cause)));
  }, [inviteId, token]);
  return (
    <AuthFrame title={t('team.joining')}>
      {error ? <ErrorNote text={error} /> : <Spinner />}
      {error && (
        <p class="form-foot" onClick={followLink}>
          <a href="/">{t('action.back')}</a>
        </p>
      )}
    </AuthFrame>
  );
}
