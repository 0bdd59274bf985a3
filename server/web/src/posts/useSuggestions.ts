import { useEffect, useState } from 'preact/hooks';
import { api } from '../api/client';
import { emojiCharacter, searchEmoji } from '../emoji/emoji';
import { groups } from '../groups/groups';
import { t } from '../locale/locale';
import { channels } from '../store/channels';
import { currentTeam } from '../store/teams';
import { displayName, receiveUsers } from '../store/users';
import type { Trigger } from './complete';

export interface Suggestion {
  /** What goes into the text. */
  insert: string;
  title: string;
  detail: string;
  userId?: string;
  character?: string;
}

const LIMIT = 8;

/** Suggestions for what is being typed; people come from the server. */
export function useSuggestions(trigger: Trigger | null, channelId: string): Suggestion[] {
  const [list, setList] = useState<Suggestion[]>([]);
  const key = trigger ? `${trigger.kind} ${trigger.term}` : '';
  useEffect(() => {
    if (!trigger) {
      setList([]);
      return;
    }
    if (trigger.kind === 'emoji') setList(searchEmoji(trigger.term, LIMIT).map((emoji) => ({ insert: `:${emoji.name}:`, title: `:${emoji.name}:`, detail: '', character: emojiCharacter(emoji.name) })));
    if (trigger.kind === 'channel') setList(findChannels(trigger.term));
    if (trigger.kind !== 'user') return;
    let current = true;
    findPeople(trigger.term, channelId).then(
      (found) => current && setList(found),
      () => current && setList([]),
    );
    return () => {
      current = false;
    };
  }, [key, channelId]);
  return list;
}

function findChannels(term: string): Suggestion[] {
  const team = currentTeam.value;
  return Object.values(channels.value)
    .filter((channel) => channel.team_id === team?.id && !channel.delete_at)
    .filter((channel) => `${channel.name} ${channel.display_name.toLowerCase()}`.includes(term))
    .slice(0, LIMIT)
    .map((channel) => ({ insert: `~${channel.name}`, title: channel.display_name, detail: `~${channel.name}` }));
}

/** Groups whose name or title begins with the term. */
function findGroups(term: string): Suggestion[] {
  return Object.values(groups.value)
    .filter((group) => term && (group.name.startsWith(term) || group.title.toLowerCase().startsWith(term)))
    .map((group) => ({ insert: `@${group.name}`, title: group.title, detail: t('composer.group', { name: group.name, count: group.members }) }));
}

const EVERYBODY = [
  { name: 'channel', words: 'composer.everybody' },
  { name: 'here', words: 'composer.everybodyOnline' },
  { name: 'all', words: 'composer.everybody' },
] as const;

async function findPeople(term: string, channelId: string): Promise<Suggestion[]> {
  const answer = await api.autocompleteUsers(term, currentTeam.value?.id ?? '', channelId, { limit: LIMIT });
  const people = [...(answer.users ?? []), ...(answer.out_of_channel ?? [])];
  receiveUsers(people);
  const everybody = EVERYBODY.filter(({ name }) => term && name.startsWith(term));
  return [
    ...people.map((user) => ({ insert: `@${user.username}`, title: displayName(user), detail: `@${user.username}`, userId: user.id })),
    ...findGroups(term),
    ...everybody.map(({ name, words }) => ({ insert: `@${name}`, title: `@${name}`, detail: t(words) })),
  ].slice(0, LIMIT);
}
