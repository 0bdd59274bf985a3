// Where the choices of a select come from: a fixed list, the people and channels of the site, or the program.
import { api } from '../api/client';
import { channels, memberships } from '../store/channels';
import { currentTeam } from '../store/teams';
import { displayName, receiveUsers } from '../store/users';
import type { Choice } from '../ui/ChoiceField';

const LIMIT = 20;

/** Choices that contain the term, for a list that is known. */
export function matching(choices: readonly Choice[], term: string): Choice[] {
  const wanted = term.trim().toLowerCase();
  return choices.filter((choice) => choice.text.toLowerCase().includes(wanted)).slice(0, LIMIT);
}

export async function findUsers(term: string): Promise<Choice[]> {
  const teamId = currentTeam.value?.id ?? '';
  const found = await api.autocompleteUsers(term, teamId, '', { limit: LIMIT });
  receiveUsers(found.users ?? []);
  return (found.users ?? []).map((user) => ({ value: user.id, text: displayName(user), detail: `@${user.username}` }));
}

/** Channels of a team, the open one unless told, that the user is in. */
export async function findChannels(term: string, team = currentTeam.value?.id): Promise<Choice[]> {
  const mine = Object.values(channels.value).filter((channel) => channel.team_id === team && memberships.value[channel.id] && !channel.delete_at);
  return matching(mine.map((channel) => ({ value: channel.id, text: channel.display_name, detail: `~${channel.name}` })), term);
}
