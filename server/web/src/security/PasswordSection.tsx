import type { UserProfile } from '@mattermost/types/users';
import { useState } from 'preact/hooks';
import { api } from '../api/client';
import { Field } from '../ui/Field';
import { ErrorNote, say } from '../ui/states';
import { useForm } from '../ui/useForm';

/** Changes one's password. */
export function PasswordSection({ user }: { user: UserProfile }) {
  const [open, setOpen] = useState(false);
  const [old, setOld] = useState('');
  const [next, setNext] = useState('');
  const { busy, error, onSubmit } = useForm(async () => {
    await api.updateUserPassword(user.id, old, next);
    setOpen(false);
    setOld('');
    setNext('');
    say('Password changed.');
  });
  return (
    <section class="settings-section" aria-label="Password">
      <div class="row">
        <h3 class="grow">Password</h3>
        {!open && (
          <button type="button" class="button" onClick={() => setOpen(true)}>
            Change password
          </button>
        )}
      </div>
      {open && (
        <form class="form" onSubmit={onSubmit} aria-label="Change password">
          {error && <ErrorNote text={error} />}
          <Field label="Current password" type="password" autocomplete="current-password" required autofocus value={old} onValue={setOld} />
          <Field label="New password" type="password" autocomplete="new-password" required value={next} onValue={setNext} />
          <div class="dialog-actions">
            <button type="button" class="button" onClick={() => setOpen(false)}>
              Cancel
            </button>
            <button type="submit" class="button primary" disabled={busy}>
              Save password
            </button>
          </div>
        </form>
      )}
    </section>
  );
}
