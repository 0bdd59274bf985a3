// Which accounts the list shows, and what it says about them.
import type { UserProfile } from '@mattermost/types/users';

export type PeopleFilter = 'all' | 'active' | 'inactive' | 'admins' | 'guests';

export const FILTERS: readonly { id: PeopleFilter; label: string; query: Record<string, unknown> }[] = [
  { id: 'all', label: 'Everybody', query: {} },
  { id: 'active', label: 'Active', query: { active: true } },
  { id: 'inactive', label: 'Deactivated', query: { inactive: true } },
  { id: 'admins', label: 'Administrators', query: { role: 'system_admin' } },
  { id: 'guests', label: 'Guests', query: { role: 'system_guest' } },
];

export const holds = (user: Pick<UserProfile, 'roles'>, role: string) => (user.roles ?? '').split(' ').includes(role);

export function passes(user: Pick<UserProfile, 'roles' | 'delete_at'>, filter: PeopleFilter): boolean {
  switch (filter) {
    case 'all':
      return true;
    case 'active':
      return user.delete_at === 0;
    case 'inactive':
      return user.delete_at > 0;
    case 'admins':
      return holds(user, 'system_admin');
    case 'guests':
      return holds(user, 'system_guest');
  }
}

/** The roles of an account with the administration of the site given or taken. */
export function withAdministration(roles: string, given: boolean): string {
  const others = roles.split(' ').filter((role) => role && role !== 'system_admin');
  return [...others, ...(given ? ['system_admin'] : [])].join(' ');
}
