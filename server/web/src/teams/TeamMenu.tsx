import { lazy } from 'preact/compat';
import { api } from '../api/client';
import { mayIntegrate } from '../integrations/allowed';
import { t } from '../locale/locale';
import { navigate } from '../routing/navigate';
import { integrationsPath } from '../routing/route';
import { myId } from '../store/session';
import { currentTeam, removeTeam, teams } from '../store/teams';
import { confirmDialog, dialog } from '../ui/Dialog';
import { Icon } from '../ui/Icon';
import { Menu } from '../ui/Menu';
import { attempt } from '../ui/states';

const InviteDialog = lazy(() => import('./InviteDialog'));

/** The team's name; its menu invites, switches and creates. */
export function TeamMenu() {
  const team = currentTeam.value;
  if (!team) return null;
  const others = teams.value.filter((known) => known.id !== team.id);
  const leave = () =>
    confirmDialog(t('team.leaveAsk', { team: team.display_name }), t('team.leaveText'), t('team.leave'), () =>
      void attempt(async () => {
        await api.removeFromTeam(team.id, myId.value);
        removeTeam(team.id);
        navigate('/', 'replace');
      }),
    );
  return (
    <Menu
      label={t('team.menu')}
      class="team-button"
      items={[
        { label: t('team.invite'), icon: 'users', run: () => (dialog.value = () => <InviteDialog team={team} />) },
        mayIntegrate(team.id) ? { label: t('team.integrations'), icon: 'spark', run: () => navigate(integrationsPath(team.name)) } : null,
        ...others.map((other) => ({ label: other.display_name, icon: 'exit' as const, run: () => navigate(`/${other.name}`) })),
        { label: t('team.joinAnother'), icon: 'search', run: () => navigate('/select_team') },
        { label: t('team.createTitle'), icon: 'plus', run: () => navigate('/create_team') },
        { label: t('team.leave'), icon: 'exit', run: leave, danger: true },
      ]}
    >
      <span class="team-name">{team.display_name}</span>
      <Icon name="down" size={16} />
    </Menu>
  );
}
