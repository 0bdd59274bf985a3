import { useEffect, useState } from 'preact/hooks';
import type { Team } from '@mattermost/types/teams';
import { api, errorText } from '../api/client';
import { AuthFrame } from '../auth/AuthFrame';
import { loadTeams, logOut } from '../auth/session';
import { loadChannels } from '../channels/load';
import { t } from '../locale/locale';
import { followLink, navigate } from '../routing/navigate';
import { myId } from '../store/session';
import { teams } from '../store/teams';
import { Empty, ErrorNote, Spinner, attempt } from '../ui/states';
import { Icon } from '../ui/Icon';

/** Teams one is in, and open teams that one may join. */
export function SelectTeamPage() {
  const [open, setOpen] = useState<Team[] | null>(null);
  const [error, setError] = useState('');
  const load = () => {
    setError('');
    api.getTeams(0, 100).then(
      (list) => setOpen((Array.isArray(list) ? list : list.teams).filter((team) => team.allow_open_invite && !team.delete_at)),
      (cause) => setError(errorText(cause)),
    );
  };
  useEffect(load, []);

  const join = (team: Team) =>
    attempt(async () => {
      await api.addToTeam(team.id, myId.value);
      await Promise.all([loadTeams(), loadChannels()]);
      navigate(`/${team.name}`);
    });
  const mine = new Set(teams.value.map((team) => team.id));
  const joinable = (open ?? []).filter((team) => !mine.has(team.id));

  return (
    <AuthFrame title={t('team.selectTitle')} lead={t('team.selectLead')}>
      <div class="form" onClick={followLink}>
        {error && <ErrorNote text={error} retry={load} />}
        {!open && !error && <Spinner />}
        <ul class="pick-list">
          {teams.value.map((team) => (
            <li key={team.id}>
              <a class="pick" href={`/${team.name}`}>
                <span>{team.display_name}</span>
              </a>
            </li>
          ))}
          {joinable.map((team) => (
            <li key={team.id}>
              <button type="button" class="pick" onClick={() => void join(team)}>
                <span>{team.display_name}</span>
                <span class="hint">{t('team.join')}</span>
              </button>
            </li>
          ))}
        </ul>
        {open && teams.value.length === 0 && joinable.length === 0 && <Empty title={t('team.none')}>{t('team.noneHint')}</Empty>}
        <a class="button primary" href="/create_team">
          <Icon name="plus" /> {t('team.createTitle')}
        </a>
        <p class="form-foot">
          <button type="button" class="link" onClick={() => void logOut()}>
            {t('self.logOut')}
          </button>
        </p>
      </div>
    </AuthFrame>
  );
}
