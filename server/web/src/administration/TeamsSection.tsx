import type { Team } from '@mattermost/types/teams';
import { api } from '../api/client';
import { invitePath, integrationsPath } from '../routing/route';
import { loadTeams } from '../auth/session';
import { teams as mine } from '../store/teams';
import { CopyField } from '../ui/CopyField';
import { confirmDialog, Dialog, dialog } from '../ui/Dialog';
import { Fetched } from '../ui/Fetched';
import { Icon } from '../ui/Icon';
import { Menu, type MenuItem } from '../ui/Menu';
import { Pages, usePages } from '../ui/Pages';
import { attempt, Empty, say } from '../ui/states';
import { navigate } from '../routing/navigate';
import { listTeams } from './teams';

/** Every team of the site, to be archived and brought back. */
export function TeamsSection() {
  const found = usePages<Team>(listTeams);
  return (
    <>
      <Fetched of={found} what="the list of teams" empty={<Empty title="No teams yet">The first one is made on the page "Create a team".</Empty>}>
        {(list) => (
          <ul class="rows" aria-label="Teams">
            {list.map((team) => (
              <li key={team.id} class={team.delete_at ? 'away' : undefined}>
                <span class="pick-text">
                  <span>
                    {team.display_name}
                    {team.delete_at > 0 && <span class="tag">ARCHIVED</span>}
                    {team.allow_open_invite && <span class="tag">OPEN</span>}
                  </span>
                  <small>
                    /{team.name}
                    {team.description && ` · ${team.description}`}
                  </small>
                </span>
                <Menu label={`Actions for ${team.display_name}`} align="right" items={teamActions(team, found.reload)}>
                  <Icon name="more" />
                </Menu>
              </li>
            ))}
          </ul>
        )}
      </Fetched>
      <Pages of={found} />
    </>
  );
}

function teamActions(team: Team, reload: () => void): (MenuItem | null)[] {
  const restore = () =>
    void attempt(() => api.unarchiveTeam(team.id)).then((went) => {
      reload();
      void loadTeams();
      if (went) say(`${team.display_name} is back.`);
    });
  if (team.delete_at > 0) return [{ label: 'Restore', icon: 'again', run: restore }];
  const archive = () =>
    confirmDialog(`Archive ${team.display_name}?`, 'Its members no longer see it. Nothing is deleted: it can be restored here.', 'Archive', () =>
      void attempt(() => api.deleteTeam(team.id)).then((went) => {
        reload();
        if (went) say(`${team.display_name} is archived.`, 'info', { label: 'Undo', run: restore });
      }),
    );
  const open = () =>
    void attempt(() => api.call(`/teams/${team.id}/privacy`, 'put', { privacy: team.allow_open_invite ? 'I' : 'O' })).then((went) => {
      reload();
      if (went) say(team.allow_open_invite ? 'People need an invitation now.' : 'Everybody on this site can join now.');
    });
  const renewed = () =>
    confirmDialog(`New invite link for ${team.display_name}?`, 'The old link stops working.', 'Make new link', () =>
      void attempt(async () => {
        const fresh = await api.regenerateTeamInviteId(team.id);
        dialog.value = () => (
          <Dialog title={`Invite link of ${team.display_name}`}>
            <CopyField label="Invite link" value={location.origin + invitePath(fresh.invite_id)} />
          </Dialog>
        );
      }),
    );
  return [
    mine.value.some((known) => known.id === team.id) ? { label: 'Integrations', icon: 'spark', run: () => navigate(integrationsPath(team.name)) } : null,
    { label: team.allow_open_invite ? 'Require an invitation' : 'Let everybody join', icon: 'users', run: open },
    { label: 'New invite link', icon: 'link', run: renewed },
    { label: 'Archive', icon: 'trash', danger: true, run: archive },
  ];
}
