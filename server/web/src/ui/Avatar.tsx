import { statuses, users, wantUsers } from '../store/users';
import { hueOf, initials } from './initials';

export const STATUS_NAMES: Record<string, string> = { online: 'Online', away: 'Away', dnd: 'Do not disturb', offline: 'Offline', ooo: 'Out of office' };

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
  return <span class={`presence presence-${status}`} title={STATUS_NAMES[status] ?? status} />;
}
