// Slash commands go to the server as they are typed.
import { api } from '../api/client';
import { expectForm } from '../interactive/press';
import { currentTeam } from '../store/teams';
import { navigate } from '../routing/navigate';

/** `/word …` is a command; `//` and `/ ` are text. */
export function isCommand(message: string): boolean {
  return /^\/[a-z]/i.test(message);
}

export async function runCommand(message: string, channelId: string, rootId: string): Promise<void> {
  type Args = Parameters<typeof api.executeCommand>[1];
  const answer = await api.executeCommand(message, { channel_id: channelId, root_id: rootId, team_id: currentTeam.value?.id ?? '' } as Args);
  expectForm(answer.trigger_id, channelId);
  const target = (answer as { goto_location?: string }).goto_location;
  if (target && target.startsWith('/')) navigate(target);
}
