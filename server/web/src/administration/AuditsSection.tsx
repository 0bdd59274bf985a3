import type { Audit } from '@mattermost/types/audits';
import { api } from '../api/client';
import { displayName, users, wantUsers } from '../store/users';
import { Fetched } from '../ui/Fetched';
import { Pages, usePages } from '../ui/Pages';
import { Empty } from '../ui/states';
import { fullTime } from '../ui/time';
import { actionName, details, failed, idsIn } from './audit';

const nameOf = (id: string) => users.value[id] && `@${users.value[id].username}`;

/** Who did what to which account, the latest first. */
export function AuditsSection() {
  const found = usePages<Audit>(async (page, size) => {
    const list = await api.getAudits(page, size);
    wantUsers(list.flatMap((entry) => [entry.user_id, ...idsIn(entry.extra_info)]));
    return list;
  });
  return (
    <>
      <Fetched of={found} what="the audit" empty={<Empty title="No entries" />}>
        {(list) => (
          <ul class="rows" aria-label="Audit">
            {list.map((entry) => (
              <li key={entry.id}>
                <span class="pick-text">
                  <span>
                    {actionName(entry.action)}
                    {failed(entry.extra_info) && <span class="tag danger">FAILED</span>}
                  </span>
                  <small>
                    {entry.user_id ? displayName(users.value[entry.user_id]) : 'Nobody logged in'}
                    {entry.ip_address && ` · ${entry.ip_address}`}
                    {entry.extra_info && ` · ${details(entry.extra_info, nameOf)}`}
                  </small>
                </span>
                <small class="hint">{fullTime(entry.create_at)}</small>
              </li>
            ))}
          </ul>
        )}
      </Fetched>
      <Pages of={found} />
    </>
  );
}
