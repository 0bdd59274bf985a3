// Groups of people that can be mentioned by one name.
import { signal } from '@preact/signals';
import { api } from '../api/client';
import { myId } from '../store/session';
import { mentionable, type MentionedGroup } from './mentionable';

const MOST = 200;

/** By the name that follows the @. */
export const groups = signal<Record<string, MentionedGroup>>({});

/** A site without groups answers with none, or that it does not know the call. */
export async function loadGroups(): Promise<void> {
  try {
    const [all, mine] = await Promise.all([
      api.getGroups({ q: '', filter_allow_reference: true, page: 0, per_page: MOST, include_member_count: true } as Parameters<typeof api.getGroups>[0]),
      api.getGroupsByUserId(myId.value),
    ]);
    groups.value = mentionable(Array.isArray(all) ? all : [], Array.isArray(mine) ? mine : []);
  } catch {
    groups.value = {};
  }
}
