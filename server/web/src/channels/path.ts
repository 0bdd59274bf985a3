import type { ServerChannel as Channel } from '@mattermost/types/channels';
import { channelPath, messagesPath } from '../routing/route';
import { partnerId } from '../store/channels';
import { currentTeam, teams } from '../store/teams';
import { users } from '../store/users';

/** The address of a channel; direct channels live in whichever team is open. */
export function pathOf(channel: Channel): string {
  const team = teams.value.find((known) => known.id === channel.team_id) ?? currentTeam.value ?? teams.value[0];
  const name = team?.name ?? '';
  if (channel.type === 'D') return messagesPath(name, `@${users.value[partnerId(channel)]?.username ?? ''}`);
  if (channel.type === 'G') return messagesPath(name, channel.name);
  return channelPath(name, channel.name);
}
