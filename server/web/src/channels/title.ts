import type { ServerChannel as Channel } from '@mattermost/types/channels';
import { t } from '../locale/locale';
import { partnerId } from '../store/channels';
import { me, myId } from '../store/session';
import { displayName, users } from '../store/users';

/** What people call the channel. */
export function channelTitle(channel: Channel): string {
  if (channel.type === 'D') {
    const id = partnerId(channel);
    return id === myId.value ? t('people.you', { name: displayName(users.value[id]) }) : displayName(users.value[id]);
  }
  if (channel.type === 'G') {
    const own = me.value?.username;
    return channel.display_name.split(', ').filter((name) => name !== own).join(', ') || channel.display_name;
  }
  return channel.display_name || channel.name;
}
