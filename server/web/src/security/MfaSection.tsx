import type { MfaSecret } from '@mattermost/types/mfa';
import type { UserProfile } from '@mattermost/types/users';
import { useState } from 'preact/hooks';
import { api } from '../api/client';
import { me } from '../store/session';
import { CopyField } from '../ui/CopyField';
import { Field } from '../ui/Field';
import { QrPicture } from '../ui/QrPicture';
import { ErrorNote, attempt, say } from '../ui/states';
import { useForm } from '../ui/useForm';

/** Turns the second factor on with a QR code, or off. */
export function MfaSection({ user }: { user: UserProfile }) {
  const [secret, setSecret] = useState<MfaSecret | null>(null);
  const [code, setCode] = useState('');
  const change = (active: boolean) => {
    if (me.value) me.value = { ...me.value, mfa_active: active };
    setSecret(null);
    setCode('');
    say(active ? 'Two-step login is on.' : 'Two-step login is off.');
  };
  const { busy, error, onSubmit } = useForm(async () => {
    await api.updateUserMfa(user.id, true, code.replace(/\s/g, ''));
    change(true);
  });
  const begin = () => void attempt(async () => setSecret(await api.generateMfaSecret(user.id)));
  const end = () =>
    void attempt(async () => {
      await api.updateUserMfa(user.id, false, '');
      change(false);
    });
  return (
    <section class="settings-section" aria-label="Two-step login">
      <h3>Two-step login</h3>
      {!secret && (
        <div class="row">
          <p class="grow">{user.mfa_active ? 'On: logging in asks for a code of your authenticator.' : 'Off. An authenticator app on your phone makes your account safer.'}</p>
          <button type="button" class={user.mfa_active ? 'button' : 'button primary'} onClick={user.mfa_active ? end : begin}>
            {user.mfa_active ? 'Turn off' : 'Set up'}
          </button>
        </div>
      )}
      {secret && (
        <form class="form" onSubmit={onSubmit} aria-label="Set up two-step login">
          {error && <ErrorNote text={error} />}
          <p>Scan this with your authenticator, then type the code that it shows.</p>
          <QrPicture png={secret.qr_code} label="QR code of the secret" />
          <CopyField label="Secret" value={secret.secret} hint="For authenticators that cannot scan." />
          <Field label="Code" required autofocus autocomplete="one-time-code" maxLength={8} value={code} onValue={setCode} />
          <div class="dialog-actions">
            <button type="button" class="button" onClick={() => setSecret(null)}>
              Cancel
            </button>
            <button type="submit" class="button primary" disabled={busy}>
              Turn on
            </button>
          </div>
        </form>
      )}
    </section>
  );
}
