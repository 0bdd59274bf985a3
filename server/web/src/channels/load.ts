// Fetching channels and memberships.
import type { ServerChannel as Channel } from '@mattermost/types/channels';
import { api } from '../api/client';
import {
  channels,
  channelsLoaded,
  currentChannel,
  forgetMembership,
  markRead,
  memberships,
  partnerId,
  receiveChannels,
  receiveMemberships,
} from '../store/channels';
import { myId } from '../store/session';
import { receiveUsers, userByName, wantUsers } from '../store/users';
import { unreadOf } from '../store/unread';

/** Everything about my channels in all teams. */
export async function loadChannels(): Promise<void> {
  const [list, members] = await Promise.all([api.getAllTeamsChannels(), api.getAllChannelsMembers('me', -1)]);
  const live = new Set(list.map((channel) => channel.id));
  for (const known of Object.keys(memberships.value)) if (!live.has(known)) forgetMembership(known);
  receiveChannels(list as Channel[]);
  receiveMemberships(members);
  wantUsers(list.filter((channel) => channel.type === 'D').map((channel) => partnerId(channel as Channel)));
  channelsLoaded.value = true;
}

const loading = new Map<string, Promise<Channel>>();

/** One channel and my place in it, after an event named it. Loads of one channel follow one another: the last answer is the newest. */
export function loadChannel(channelId: string): Promise<Channel> {
  const before: Promise<unknown> = loading.get(channelId) ?? Promise.resolve();
  const load = before.then(
    () => fetchChannel(channelId),
    () => fetchChannel(channelId),
  );
  loading.set(channelId, load);
  const done = () => {
    if (loading.get(channelId) === load) loading.delete(channelId);
  };
  load.then(done, done);
  return load;
}

async function fetchChannel(channelId: string): Promise<Channel> {
  const [channel, member] = await Promise.all([api.getChannel(channelId), api.getChannelMember(channelId, 'me')]);
  receiveChannels([channel as Channel]);
  receiveMemberships([{ ...member, user_id: myId.value }]);
  if (channel.type === 'D') wantUsers([partnerId(channel as Channel)]);
  return channels.value[channelId];
}

/** Opens (creating if needed) the direct channel with a user. */
export async function openDirect(userId: string): Promise<Channel> {
  const channel = await api.createDirectChannel([myId.value, userId]);
  return loadChannel(channel.id);
}

/** Opens (creating if needed) the group channel with these users and me. */
export async function openGroup(userIds: string[]): Promise<Channel> {
  const channel = await api.createGroupChannel([myId.value, ...userIds]);
  return loadChannel(channel.id);
}

/** Makes the channel of `/team/messages/@name` exist; throws when there is no such user. */
export async function openByUsername(username: string): Promise<Channel> {
  let user = userByName(username);
  if (!user) {
    [user] = await api.getProfilesByUsernames([username]);
    if (!user) throw new Error(`There is no user called @${username}.`);
    receiveUsers([user]);
  }
  return openDirect(user.id);
}

/** A public channel that I have not joined yet: joins it. */
export async function openByName(teamId: string, name: string): Promise<Channel> {
  const channel = await api.getChannelByName(teamId, name);
  if (!memberships.value[channel.id] && channel.type === 'O') await api.addToChannel(myId.value, channel.id);
  return loadChannel(channel.id);
}

/** Tells the server that the open channel is being read, when there is something to tell. */
export function viewCurrent(): void {
  const channel = currentChannel.value;
  if (!channel || document.hidden || !document.hasFocus()) return;
  const unread = unreadOf(channel, memberships.value[channel.id]);
  if (unread.messages === 0 && unread.mentions === 0) return;
  markRead(channel.id);
  void api.viewMyChannel(channel.id).catch(() => {
    // The next message or focus tries again.
  });
}
