// Channels the user is in, the user's memberships, and which channel is open.
import { computed, signal } from '@preact/signals';
import type { ChannelMembership, ServerChannel as Channel } from '@mattermost/types/channels';
import { route } from '../routing/navigate';
import { myId } from './session';
import { currentTeam } from './teams';
import { users } from './users';

export const channels = signal<Record<string, Channel>>({});
/** My membership by channel id: a channel without one is only being looked at. */
export const memberships = signal<Record<string, ChannelMembership>>({});
/** False until the first full list has arrived. */
export const channelsLoaded = signal(false);

export function receiveChannels(list: readonly Channel[]): void {
  const next = { ...channels.value };
  for (const channel of list) {
    const known = next[channel.id];
    // Counters only grow: an answer that was on its way when a message came must not take it back.
    const grown = (key: 'last_post_at' | 'total_msg_count' | 'total_msg_count_root') => Math.max(known?.[key] ?? 0, channel[key] ?? 0);
    next[channel.id] = {
      ...known,
      ...channel,
      last_post_at: grown('last_post_at'),
      total_msg_count: grown('total_msg_count'),
      total_msg_count_root: grown('total_msg_count_root'),
    };
  }
  channels.value = next;
}

export function receiveMemberships(list: readonly ChannelMembership[]): void {
  const next = { ...memberships.value };
  for (const member of list) {
    if (member.user_id === myId.value) next[member.channel_id] = { ...next[member.channel_id], ...member };
  }
  memberships.value = next;
}

export function forgetMembership(channelId: string): void {
  const { [channelId]: _gone, ...rest } = memberships.value;
  memberships.value = rest;
}

export function patchChannel(channelId: string, change: (channel: Channel) => Partial<Channel>): void {
  const channel = channels.value[channelId];
  if (channel) channels.value = { ...channels.value, [channelId]: { ...channel, ...change(channel) } };
}

export function patchMembership(channelId: string, change: (member: ChannelMembership) => Partial<ChannelMembership>): void {
  const member = memberships.value[channelId];
  if (member) memberships.value = { ...memberships.value, [channelId]: { ...member, ...change(member) } };
}

/** Everything up to now has been seen. */
export function markRead(channelId: string): void {
  const channel = channels.value[channelId];
  if (!channel) return;
  patchMembership(channelId, () => ({
    msg_count: channel.total_msg_count,
    msg_count_root: channel.total_msg_count_root,
    mention_count: 0,
    mention_count_root: 0,
    last_viewed_at: Date.now(),
  }));
}

/** The other person of a direct channel; oneself in a note to self. */
export function partnerId(channel: Channel): string {
  const [first, second] = channel.name.split('__');
  return first === myId.value ? (second ?? first) : first;
}

/** The channel that the address names, once it is known. */
export const currentChannel = computed<Channel | null>(() => {
  const here = route.value;
  const team = currentTeam.value;
  if (!team) return null;
  const all = Object.values(channels.value);
  if (here.kind === 'channel') {
    return all.find((channel) => channel.team_id === team.id && channel.name === here.channel) ?? null;
  }
  if (here.kind === 'messages') {
    if (!here.target.startsWith('@')) return all.find((channel) => channel.team_id === '' && channel.name === here.target) ?? null;
    const user = Object.values(users.value).find((known) => known.username === here.target.slice(1));
    if (!user) return null;
    return all.find((channel) => channel.type === 'D' && partnerId(channel) === user.id) ?? null;
  }
  return null;
});

export function clearChannels(): void {
  channels.value = {};
  memberships.value = {};
  channelsLoaded.value = false;
}
