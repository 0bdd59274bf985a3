import { useState } from 'preact/hooks';
import { api } from '../api/client';
import { navigate } from '../routing/navigate';
import { Field } from '../ui/Field';
import { ErrorNote, say } from '../ui/states';
import { useForm } from '../ui/useForm';
import { AuthFrame } from './AuthFrame';

/** Somebody opened the link with which an administrator lets them set a new password. */
export function ResetPasswordPage({ token }: { token: string }) {
  const [password, setPassword] = useState('');
  const { busy, error, onSubmit } = useForm(async () => {
    await api.call('/users/password/reset', 'post', { code: token, new_password: password });
    say('Password changed. Log in with it.');
    navigate('/login', 'replace');
  });
  return (
    <AuthFrame title="Set a new password">
      <form class="form" onSubmit={onSubmit} aria-label="New password">
        {error && <ErrorNote text={error} />}
        <Field label="New password" type="password" autocomplete="new-password" required autofocus value={password} onValue={setPassword} />
        <button type="submit" class="button primary" disabled={busy}>
          Save password
        </button>
      </form>
    </AuthFrame>
  );
}
