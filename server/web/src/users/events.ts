import type { UserProfile } from '@mattermost/types/users';
import type { PreferenceType } from '@mattermost/types/preferences';
import type { Role } from '@mattermost/types/roles';
import type { Handlers } from '../events';
import { forgetPreferences, receivePreferences } from '../store/preferences';
import { language, speak } from '../locale/locale';
import { receiveRoles } from '../store/permissions';
import { config, me, myId } from '../store/session';
import { receiveStatuses, receiveUsers } from '../store/users';
import { startTyping, typingPlace } from '../store/typing';
import { wantUsers } from '../store/users';

const decoded = <T>(text: unknown): T => JSON.parse(text as string) as T;

export const userEvents: Handlers = {
  typing({ data, broadcast }) {
    const userId = data.user_id as string;
    wantUsers([userId]);
    startTyping(typingPlace(broadcast.channel_id, (data.parent_id as string) ?? ''), userId);
  },
  status_change({ data }) {
    receiveStatuses([{ user_id: data.user_id as string, status: data.status as string }]);
  },
  user_updated({ data }) {
    const user = data.user as UserProfile;
    receiveUsers([user]);
    if (user.id !== myId.value) return;
    if (user.locale && user.locale !== me.value?.locale) void speak(user.locale, language.value);
    me.value = { ...me.value, ...user };
  },
  preference_changed({ data }) {
    receivePreferences([decoded<PreferenceType>(data.preference)]);
  },
  preferences_changed({ data }) {
    receivePreferences(decoded<PreferenceType[]>(data.preferences));
  },
  preferences_deleted({ data }) {
    forgetPreferences(decoded<PreferenceType[]>(data.preferences));
  },
  role_updated({ data }) {
    receiveRoles([decoded<Role>(data.role)]);
  },
  config_changed({ data }) {
    config.value = data.config as Record<string, string>;
  },
};
