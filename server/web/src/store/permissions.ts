// What the signed-in user may do, from the roles of the account and of the team. It hides what would be refused; the server decides.
import { signal } from '@preact/signals';
import type { Role } from '@mattermost/types/roles';
import { api } from '../api/client';
import { isAdmin, me } from './session';
import { teamMemberships } from './teams';

/** Permissions by the name of the role. */
const permissions = signal<Record<string, readonly string[]>>({});

const namesIn = (roles: string | undefined) => (roles ?? '').split(' ').filter(Boolean);

export function receiveRoles(roles: readonly Pick<Role, 'name' | 'permissions'>[]): void {
  permissions.value = { ...permissions.value, ...Object.fromEntries(roles.map((role) => [role.name, role.permissions])) };
}

/** Fetches the roles that the user holds. */
export async function loadRoles(): Promise<void> {
  const names = new Set([...namesIn(me.value?.roles), ...Object.values(teamMemberships.value).flatMap((member) => namesIn(member.roles))]);
  if (names.size > 0) receiveRoles(await api.getRolesByNames([...names]));
}

/** Whether the account, or its membership of `teamId`, has the permission. */
export function may(permission: string, teamId = ''): boolean {
  if (isAdmin.value) return true;
  const names = [...namesIn(me.value?.roles), ...namesIn(teamMemberships.value[teamId]?.roles)];
  return names.some((name) => permissions.value[name]?.includes(permission));
}
