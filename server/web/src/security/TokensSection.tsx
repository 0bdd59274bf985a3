import { useState } from 'preact/hooks';
import { api } from '../api/client';
import { CopyField } from '../ui/CopyField';
import { Field } from '../ui/Field';
import { attempt, ErrorNote } from '../ui/states';
import { useForm } from '../ui/useForm';
import { useLoaded } from '../ui/useLoaded';

/** Access tokens of an account, one's own or a bot's. A token itself is shown once. Nothing where they are not to be had. */
export function TokensSection({ userId, title = 'Access tokens', onMade }: { userId: string; title?: string; onMade?: (token: string) => void }) {
  const { value, error: failure, absent, reload } = useLoaded(() => api.getUserAccessTokensForUser(userId, 0, 100), userId);
  const [description, setDescription] = useState('');
  const [made, setMade] = useState('');
  const { busy, error, onSubmit } = useForm(async () => {
    const token = await api.createUserAccessToken(userId, description.trim());
    setMade(token.token ?? '');
    onMade?.(token.token ?? '');
    setDescription('');
    reload();
  });
  if (absent) return null;
  const run = (action: Promise<unknown>) => void attempt(() => action).then(reload);
  return (
    <section class="settings-section" aria-label={title}>
      <h3>{title}</h3>
      {(failure || error) && <ErrorNote text={failure || error} />}
      {made && <CopyField label="Token" value={made} hint="Copy it now: it is not shown again." />}
      <ul class="settings-list">
        {(value ?? []).map((token) => (
          <li key={token.id}>
            <span class="pick-text">
              <span>{token.description || 'Token'}</span>
              <small>{token.is_active ? 'active' : 'switched off'}</small>
            </span>
            <button type="button" class="button small" aria-label={`${token.is_active ? 'Switch off' : 'Switch on'} ${token.description}`} onClick={() => run(token.is_active ? api.disableUserAccessToken(token.id) : api.enableUserAccessToken(token.id))}>
              {token.is_active ? 'Switch off' : 'Switch on'}
            </button>
            <button type="button" class="button small danger" aria-label={`Delete ${token.description}`} onClick={() => run(api.revokeUserAccessToken(token.id))}>
              Delete
            </button>
          </li>
        ))}
      </ul>
      <form class="row" onSubmit={onSubmit} aria-label="New token">
        <div class="grow">
          <Field label="What the new token is for" required maxLength={255} value={description} onValue={setDescription} />
        </div>
        <button type="submit" class="button align-end" disabled={busy}>
          Create token
        </button>
      </form>
    </section>
  );
}
