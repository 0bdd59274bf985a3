import type { ChannelMembership, ServerChannel as Channel } from '@mattermost/types/channels';
import type { Handlers } from '../events';
import { currentChannel, forgetMembership, memberships, patchChannel, patchMembership, receiveChannels, receiveMemberships } from '../store/channels';
import { navigate } from '../routing/navigate';
import { myId } from '../store/session';
import { currentTeam } from '../store/teams';
import { panel } from '../store/panel';
import { memberChange } from './members';
import { loadChannel } from './load';

function dropChannel(channelId: string): void {
  const wasOpen = currentChannel.value?.id === channelId;
  forgetMembership(channelId);
  if (!wasOpen || !currentTeam.value) return;
  panel.value = null;
  navigate(`/${currentTeam.value.name}`, 'replace');
}

const arrive = (channelId: string) =>
  void loadChannel(channelId).catch(() => {
    // Gone again before we asked; another event tells.
  });

export const channelEvents: Handlers = {
  channel_created({ data }) {
    arrive(data.channel_id as string);
  },
  direct_added({ broadcast }) {
    arrive(broadcast.channel_id);
  },
  group_added({ broadcast }) {
    arrive(broadcast.channel_id);
  },
  channel_updated({ data, broadcast }) {
    if (typeof data.channel === 'string') receiveChannels([JSON.parse(data.channel) as Channel]);
    else arrive((data.channel_id as string) || broadcast.channel_id);
  },
  channel_converted({ data }) {
    arrive(data.channel_id as string);
  },
  channel_restored({ data }) {
    arrive(data.channel_id as string);
  },
  channel_deleted({ data }) {
    const id = data.channel_id as string;
    patchChannel(id, () => ({ delete_at: data.delete_at as number }));
    dropChannel(id);
  },
  channel_member_updated({ data }) {
    receiveMemberships([JSON.parse(data.channelMember as string) as ChannelMembership]);
  },
  user_added({ data, broadcast }) {
    memberChange.value += 1;
    if (data.user_id === myId.value && !memberships.value[broadcast.channel_id]) arrive(broadcast.channel_id);
  },
  user_removed({ data, broadcast }) {
    memberChange.value += 1;
    if (data.channel_id) dropChannel(data.channel_id as string);
    else if (data.user_id === myId.value) dropChannel(broadcast.channel_id);
  },
  multiple_channels_viewed({ data }) {
    for (const [id, at] of Object.entries((data.channel_times as Record<string, number>) ?? {})) {
      patchChannel(id, (channel) => {
        patchMembership(id, () => ({
          last_viewed_at: at,
          msg_count: channel.total_msg_count,
          msg_count_root: channel.total_msg_count_root,
          mention_count: 0,
          mention_count_root: 0,
        }));
        return {};
      });
    }
  },
  post_unread({ data, broadcast }) {
    patchMembership(broadcast.channel_id, (member) => ({
      msg_count: data.msg_count as number,
      msg_count_root: (data.msg_count_root as number) ?? member.msg_count_root,
      mention_count: data.mention_count as number,
      last_viewed_at: data.last_viewed_at as number,
    }));
  },
};
