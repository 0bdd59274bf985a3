import type { Team } from '@mattermost/types/teams';
import type { Handlers } from '../events';
import { loadTeams } from '../auth/session';
import { loadChannels } from '../channels/load';
import { myId } from '../store/session';
import { receiveTeam, removeTeam, teams } from '../store/teams';

export const teamEvents: Handlers = {
  added_to_team({ data }) {
    if (data.user_id === myId.value) void Promise.all([loadTeams(), loadChannels()]);
  },
  leave_team({ data }) {
    if (data.user_id === myId.value) removeTeam(data.team_id as string);
  },
  update_team({ data }) {
    const team = JSON.parse(data.team as string) as Team;
    if (!teams.value.some((known) => known.id === team.id)) return;
    // The broadcast copy is sanitised: it must not erase the invite id we may see.
    const { invite_id: inviteId, ...rest } = team;
    receiveTeam(inviteId ? team : (rest as Team));
  },
  delete_team({ data }) {
    removeTeam((JSON.parse(data.team as string) as Team).id);
  },
  restore_team() {
    void loadTeams();
  },
};
