import type { UserProfile } from '@mattermost/types/users';
import { useEffect, useState } from 'preact/hooks';
import { errorText } from '../api/client';
import { t } from '../locale/locale';
import { navigate } from '../routing/navigate';
import { channels } from '../store/channels';
import { myId } from '../store/session';
import { displayName, statuses } from '../store/users';
import { Avatar } from '../ui/Avatar';
import { dialog } from '../ui/Dialog';
import { PanelFrame } from '../ui/PanelFrame';
import { attempt, ErrorNote, Spinner } from '../ui/states';
import { AddPeople } from './AddPeople';
import { loadMembers, memberChange } from './members';
import { openDirect } from './load';
import { pathOf } from './path';

const ORDER: Record<string, number> = { online: 0, away: 1, dnd: 2, offline: 3 };

export function MembersPanel({ channelId }: { channelId: string }) {
  const [members, setMembers] = useState<UserProfile[] | null>(null);
  const [error, setError] = useState('');
  const changes = memberChange.value;
  const load = () => {
    setError('');
    loadMembers(channelId).then(setMembers, (cause) => setError(errorText(cause)));
  };
  useEffect(load, [channelId, changes]);
  const channel = channels.value[channelId];
  const rank = (user: UserProfile) => ORDER[statuses.value[user.id] ?? 'offline'] ?? 3;
  const sorted = [...(members ?? [])].sort((a, b) => rank(a) - rank(b) || displayName(a).localeCompare(displayName(b)));
  return (
    <PanelFrame title={t('channel.members')} subtitle={members ? String(members.length) : ''}>
      <div class="panel-scroll">
        {channel && (channel.type === 'O' || channel.type === 'P') && (
          <button type="button" class="button wide" onClick={() => (dialog.value = () => <AddPeople channel={channel} />)}>
            {t('channel.addPeople')}
          </button>
        )}
        {error && <ErrorNote text={error} retry={load} />}
        {!members && !error && <Spinner />}
        <ul class="pick-list">
          {sorted.map((user) => (
            <li key={user.id}>
              <button
                type="button"
                class="pick"
                disabled={user.id === myId.value}
                aria-label={t('people.messageTo', { name: displayName(user) })}
                onClick={() => void attempt(async () => navigate(pathOf(await openDirect(user.id))))}
              >
                <Avatar userId={user.id} size={32} presence />
                <span class="pick-text">
                  <span>
                    {user.id === myId.value ? t('people.you', { name: displayName(user) }) : displayName(user)}
                    {user.is_bot && <span class="tag">{t('post.bot')}</span>}
                  </span>
                  <small>@{user.username}</small>
                </span>
              </button>
            </li>
          ))}
        </ul>
      </div>
    </PanelFrame>
  );
}
