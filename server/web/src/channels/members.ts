// People of one channel.
import { signal } from '@preact/signals';
import type { UserProfile } from '@mattermost/types/users';
import { api } from '../api/client';
import { receiveStatuses, receiveUsers } from '../store/users';

/** Grows whenever somebody joins or leaves a channel: open member lists load again. */
export const memberChange = signal(0);

/** All members, at most 200. */
export async function loadMembers(channelId: string): Promise<UserProfile[]> {
  const members = await api.getProfilesInChannel(channelId, 0, 200);
  receiveUsers(members);
  if (members.length > 0) receiveStatuses(await api.getStatusesByIds(members.map((user) => user.id)));
  return members;
}
