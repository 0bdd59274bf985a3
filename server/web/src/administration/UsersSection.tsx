import type { UserProfile } from '@mattermost/types/users';
import { useEffect, useState } from 'preact/hooks';
import { myId } from '../store/session';
import { displayName, receiveUsers } from '../store/users';
import { Avatar } from '../ui/Avatar';
import { Fetched } from '../ui/Fetched';
import { Field } from '../ui/Field';
import { Icon } from '../ui/Icon';
import { Menu } from '../ui/Menu';
import { Pages, usePages } from '../ui/Pages';
import { Empty } from '../ui/states';
import { findPeople } from './find-people';
import { FILTERS, holds, type PeopleFilter } from './people';
import { userActions } from './user-actions';

const ASK_AFTER_MS = 250;

/** Every account of the site, and what an administrator does to one. */
export function UsersSection() {
  const [typed, setTyped] = useState('');
  const [term, setTerm] = useState('');
  const [filter, setFilter] = useState<PeopleFilter>('all');
  useEffect(() => {
    const timer = setTimeout(() => setTerm(typed.trim()), ASK_AFTER_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const found = usePages<UserProfile>(async (page, size) => {
    const list = await findPeople(term, filter, page, size);
    receiveUsers(list);
    return list;
  }, `${filter} ${term}`);
  return (
    <>
      <div class="tools">
        <div class="grow">
          <Field label="Find people" type="search" value={typed} onValue={setTyped} placeholder="Name, username or email" />
        </div>
        <label class="field">
          <span>Show</span>
          <select value={filter} onChange={(event) => setFilter(event.currentTarget.value as PeopleFilter)}>
            {FILTERS.map((known) => (
              <option key={known.id} value={known.id}>
                {known.label}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Fetched of={found} what="the list of accounts" empty={<Empty title="Nobody found">{term ? 'Try another part of the name, or show everybody.' : ''}</Empty>}>
        {(list) => (
          <ul class="rows" aria-label="Accounts">
            {list.map((user) => (
              <UserRow key={user.id} user={user} reload={found.reload} />
            ))}
          </ul>
        )}
      </Fetched>
      <Pages of={found} />
    </>
  );
}

function UserRow({ user, reload }: { user: UserProfile; reload: () => void }) {
  const name = displayName(user);
  return (
    <li class={user.delete_at ? 'away' : undefined}>
      <Avatar userId={user.id} size={34} />
      <span class="pick-text">
        <span>
          {name}
          {user.id === myId.value && ' (you)'}
          {holds(user, 'system_admin') && <span class="tag">ADMINISTRATOR</span>}
          {holds(user, 'system_guest') && <span class="tag">GUEST</span>}
          {user.is_bot && <span class="tag">BOT</span>}
          {user.mfa_active && <span class="tag">TWO-STEP LOGIN</span>}
          {user.delete_at > 0 && <span class="tag">DEACTIVATED</span>}
        </span>
        <small>
          @{user.username}
          {user.email && ` · ${user.email}`}
        </small>
      </span>
      <Menu label={`Actions for ${user.username}`} align="right" items={userActions(user, reload)}>
        <Icon name="more" />
      </Menu>
    </li>
  );
}
