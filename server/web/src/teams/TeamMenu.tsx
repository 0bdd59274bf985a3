import { lazy } from 'preact/compat';
import { api } from '../api/client';
import { mayIntegrate } from '../integrations/allowed';
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
    confirmDialog(`Leave ${team.display_name}?`, 'You leave all of its channels. Private ones need a new invitation.', 'Leave team', () =>
      void attempt(async () => {
        await api.removeFromTeam(team.id, myId.value);
        removeTeam(team.id);
        navigate('/', 'replace');
      }),
    );
  return (
    <Menu
      label="Team menu"
      class="team-button"
      items={[
        { label: 'Invite people', icon: 'users', run: () => (dialog.value = () => <InviteDialog team={team} />) },
        mayIntegrate(team.id) ? { label: 'Integrations', icon: 'spark', run: () => navigate(integrationsPath(team.name)) } : null,
        ...others.map((other) => ({ label: other.display_name, icon: 'exit' as const, run: () => navigate(`/${other.name}`) })),
        { label: 'Join another team', icon: 'search', run: () => navigate('/select_team') },
        { label: 'Create a team', icon: 'plus', run: () => navigate('/create_team') },
        { label: 'Leave team', icon: 'exit', run: leave, danger: true },
      ]}
    >
      <span class="team-name">{team.display_name}</span>
      <Icon name="down" size={16} />
    </Menu>
  );
}
