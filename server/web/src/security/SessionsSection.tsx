import type { UserProfile } from '@mattermost/types/users';
import { api } from '../api/client';
import { attempt, ErrorNote, Spinner } from '../ui/states';
import { fullTime } from '../ui/time';
import { useLoaded } from '../ui/useLoaded';
import { byActivity, sessionName } from './sessions';

/** Where the account is logged in; each session can be ended. */
export function SessionsSection({ user }: { user: UserProfile }) {
  const { value, error, reload } = useLoaded(() => api.getSessions(user.id));
  const end = (id: string) => void attempt(() => api.revokeSession(user.id, id)).then(reload);
  return (
    <section class="settings-section" aria-label="Sessions">
      <h3>Where you are logged in</h3>
      {error && <ErrorNote text={error} retry={reload} />}
      {!value && !error && <Spinner />}
      <ul class="settings-list">
        {[...(value ?? [])].sort(byActivity).map((session) => (
          <li key={session.id}>
            <span class="pick-text">
              <span>{sessionName(session)}</span>
              <small>Last used {fullTime(session.last_activity_at)}</small>
            </span>
            <button type="button" class="button small" aria-label={`End the session ${sessionName(session)}`} onClick={() => end(session.id)}>
              End
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
