// Groups as the administrator sees them: archived ones too, with their members.
import type { Group } from '@mattermost/types/groups';
import type { UserProfile } from '@mattermost/types/users';
import { api } from '../api/client';

export interface WantedGroup {
  name: string;
  display_name: string;
}

const MOST_MEMBERS = 200;

export const listGroups = (page: number, size: number) => api.call<Group[]>(`/groups?page=${page}&per_page=${size}&include_member_count=true&include_archived=true`, 'get');

export const membersOf = async (id: string) => (await api.call<{ members: UserProfile[] | null }>(`/groups/${id}/members?page=0&per_page=${MOST_MEMBERS}`, 'get')).members ?? [];

/** Makes the group, or changes its names and members to what is wanted. */
export async function saveGroup(group: Group | null, wanted: WantedGroup, members: readonly string[], before: readonly string[]): Promise<void> {
  if (!group) {
    await api.call('/groups', 'post', { ...wanted, source: 'custom', allow_reference: true, user_ids: members });
    return;
  }
  if (wanted.name !== group.name || wanted.display_name !== group.display_name) await api.call(`/groups/${group.id}/patch`, 'put', wanted);
  const added = members.filter((id) => !before.includes(id));
  const removed = before.filter((id) => !members.includes(id));
  if (added.length > 0) await api.call(`/groups/${group.id}/members`, 'post', { user_ids: added });
  if (removed.length > 0) await api.call(`/groups/${group.id}/members`, 'delete', { user_ids: removed });
}
