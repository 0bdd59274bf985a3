import { t } from '../locale/locale';
import { statuses, users, wantUsers } from '../store/users';
import { hueOf, initials } from './initials';

const STATUSES = ['online', 'away', 'dnd', 'offline', 'ooo'] as const;

/** "Do not disturb" for `dnd`. */
export function statusName(status: string): string {
  const known = STATUSES.find((name) => name === status);
  return known ? t(`status.${known}`) : status;
}

/** A coloured circle with initials: the same everywhere, and nothing to load. */
export function Avatar({ userId, size = 36, presence = false }: { userId: string; size?: number; presence?: boolean }) {
  const user = users.value[userId];
  if (!user) wantUsers([userId]);
  return (
    <span class="avatar" style={{ width: size, height: size, fontSize: size * 0.4, '--hue': hueOf(userId) }} aria-hidden="true">
      {user?.is_bot ? '✦' : initials(user)}
      {presence && !user?.is_bot && <Presence userId={userId} />}
    </span>
  );
}

/** The presence dot. */
export function Presence({ userId }: { userId: string }) {
  const status = statuses.value[userId] ?? 'offline';
  return <span class={`presence presence-${status}`} title={statusName(status)} />;
}
