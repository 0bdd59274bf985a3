import { useState } from 'preact/hooks';
import { api } from '../api/client';
import { t } from '../locale/locale';
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
    say(t('password.done'));
    navigate('/login', 'replace');
  });
  return (
    <AuthFrame title={t('password.title')}>
      <form class="form" onSubmit={onSubmit} aria-label={t('password.new')}>
        {error && <ErrorNote text={error} />}
        <Field label={t('password.new')} type="password" autocomplete="new-password" required autofocus value={password} onValue={setPassword} />
        <button type="submit" class="button primary" disabled={busy}>
          {t('password.save')}
        </button>
      </form>
    </AuthFrame>
  );
}
