import { lazy } from 'preact/compat';
import { api } from '../api/client';
import { t } from '../locale/locale';
import { navigate } from '../routing/navigate';
import { administrationPath } from '../routing/route';
import { logOut } from '../auth/session';
import { isAdmin, me, myId } from '../store/session';
import { displayName, receiveStatuses, statuses } from '../store/users';
import { Avatar } from '../ui/Avatar';
import { dialog } from '../ui/Dialog';
import { Icon } from '../ui/Icon';
import { Menu } from '../ui/Menu';
import { attempt } from '../ui/states';
import { ProfileDialog } from './ProfileDialog';

const SecurityDialog = lazy(() => import('../security/SecurityDialog'));

const STATUSES = ['online', 'away', 'dnd', 'offline'] as const;

/** Oneself: presence, profile, logging out. */
export function SelfMenu() {
  const user = me.value;
  if (!user) return null;
  const now = statuses.value[user.id] ?? 'online';
  const set = (status: string) =>
    void attempt(async () => {
      await api.updateStatus({ user_id: myId.value, status } as Parameters<typeof api.updateStatus>[0]);
      receiveStatuses([{ user_id: myId.value, status }]);
    });
  const askNotifications = typeof Notification !== 'undefined' && Notification.permission === 'default';
  return (
    <footer class="sidebar-foot">
      <Menu
        label={t('self.menu')}
        class="self-button"
        up
        items={[
          ...STATUSES.map((value) => ({ label: t(`status.${value}`), checked: now === value, run: () => set(value) })),
          { label: t('self.profile'), icon: 'edit', run: () => (dialog.value = () => <ProfileDialog />) },
          { label: t('self.security'), icon: 'lock', run: () => (dialog.value = () => <SecurityDialog />) },
          isAdmin.value ? { label: t('self.administration'), icon: 'crown', run: () => navigate(administrationPath()) } : null,
          askNotifications ? { label: t('self.notifications'), icon: 'warning', run: () => void Notification.requestPermission() } : null,
          { label: t('self.logOut'), icon: 'exit', run: () => void logOut() },
        ]}
      >
        <Avatar userId={user.id} size={30} presence />
        <span class="self-name">
          <strong>{displayName(user)}</strong>
          <small>@{user.username}</small>
        </span>
        <Icon name="more" />
      </Menu>
    </footer>
  );
}
