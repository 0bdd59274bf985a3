// Which groups can be mentioned, and which of them the reader is in.
import type { Group } from '@mattermost/types/groups';

export interface MentionedGroup {
  name: string;
  title: string;
  members: number;
  mine: boolean;
}

/** Groups with a name that may be mentioned, by that name. */
export function mentionable(all: readonly Group[], mine: readonly { id: string }[]): Record<string, MentionedGroup> {
  const own = new Set(mine.map((group) => group.id));
  const usable = all.filter((group) => group.name && group.allow_reference !== false && !group.delete_at);
  return Object.fromEntries(usable.map((group) => [group.name, { name: group.name, title: group.display_name || group.name, members: group.member_count ?? 0, mine: own.has(group.id) }]));
}
