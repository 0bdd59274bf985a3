import type { UserProfile } from '@mattermost/types/users';
import { useEffect, useState } from 'preact/hooks';
import { api, errorText } from '../api/client';
import { t } from '../locale/locale';
import { displayName, receiveUsers } from '../store/users';
import { Avatar } from '../ui/Avatar';
import { Field } from '../ui/Field';
import { Icon } from '../ui/Icon';
import { Empty, ErrorNote, Spinner } from '../ui/states';

interface Props {
  /** Narrows the search: `{team_id}`, `{not_in_channel_id, team_id}`, … */
  scope: Record<string, string>;
  chosen: UserProfile[];
  onChange: (chosen: UserProfile[]) => void;
  /** Whether one begins typing here. */
  autofocus?: boolean;
  /** Hides people who make no sense here. */
  hide?: (user: UserProfile) => boolean;
}

/** Finds people by name and lets the user choose several. */
export function PeoplePicker({ scope, chosen, onChange, autofocus = true, hide }: Props) {
  const [term, setTerm] = useState('');
  const [found, setFound] = useState<UserProfile[] | null>(null);
  const [error, setError] = useState('');
  const key = JSON.stringify(scope);

  useEffect(() => {
    let current = true;
    const run = async () => {
      try {
        const list = term.trim() ? await api.searchUsers(term.trim(), { ...scope, limit: 50 }) : await startList(scope);
        receiveUsers(list);
        if (current) setFound(list.filter((user) => !user.delete_at));
      } catch (cause) {
        if (current) setError(errorText(cause));
      }
    };
    setError('');
    const timer = setTimeout(() => void run(), term ? 150 : 0);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [term, key]);

  const picked = new Set(chosen.map((user) => user.id));
  const toggle = (user: UserProfile) => onChange(picked.has(user.id) ? chosen.filter((known) => known.id !== user.id) : [...chosen, user]);
  const shown = (found ?? []).filter((user) => !hide?.(user));
  return (
    <div class="people-picker">
      {chosen.length > 0 && (
        <div class="chips">
          {chosen.map((user) => (
            <button key={user.id} type="button" class="chip" aria-label={t('action.remove', { name: displayName(user) })} onClick={() => toggle(user)}>
              {displayName(user)} <Icon name="close" size={12} />
            </button>
          ))}
        </div>
      )}
      <Field label={t('people.find')} type="search" autofocus={autofocus} value={term} onValue={setTerm} />
      {error && <ErrorNote text={error} />}
      {!found && !error && <Spinner />}
      {found && shown.length === 0 && <Empty title={t('people.nobody')} />}
      <ul class="pick-list">
        {shown.map((user) => (
          <li key={user.id}>
            <button type="button" class="pick" aria-pressed={picked.has(user.id)} onClick={() => toggle(user)}>
              <Avatar userId={user.id} size={28} presence />
              <span class="pick-text">
                <span>{displayName(user)}</span>
                <small>@{user.username}</small>
              </span>
              {picked.has(user.id) && <Icon name="check" size={16} />}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function startList(scope: Record<string, string>): Promise<UserProfile[]> {
  if (scope.not_in_channel_id) return api.getProfilesNotInChannel(scope.team_id, scope.not_in_channel_id, false, 0, 50);
  if (scope.team_id) return api.getProfilesInTeam(scope.team_id, 0, 50);
  return api.getProfiles(0, 50);
}
