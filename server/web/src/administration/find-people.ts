import type { UserProfile } from '@mattermost/types/users';
import { api } from '../api/client';
import { FILTERS, passes, type PeopleFilter } from './people';

/** Most people that a search finds. */
const FOUND = 200;

/** One page of the accounts; the server searches without filters, so those are applied to what it found. */
export async function findPeople(term: string, filter: PeopleFilter, page: number, size: number): Promise<UserProfile[]> {
  if (!term) return api.getProfiles(page, size, FILTERS.find((known) => known.id === filter)?.query);
  const found = await api.searchUsers(term, { allow_inactive: true, limit: FOUND });
  return found.filter((user) => passes(user, filter)).slice(page * size, (page + 1) * size);
}
