import { ClientError } from '@mattermost/client';
import { useState } from 'preact/hooks';
import { t } from '../locale/locale';
import { followLink, navigate } from '../routing/navigate';
import { wantsCode } from '../security/sessions';
import { Field } from '../ui/Field';
import { useForm } from '../ui/useForm';
import { ErrorNote } from '../ui/states';
import { AuthFrame } from './AuthFrame';
import { logInByLink } from './session';

/** A guest opened the link in a mail. It works once, so it is used when the guest says so and not by whatever looks at links. */
export function OneTimeLinkPage({ token }: { token: string }) {
  const [code, setCode] = useState<string | null>(null);
  const { busy, error, onSubmit } = useForm(async () => {
    try {
      await logInByLink(token, (code ?? '').replace(/\s/g, ''));
    } catch (cause) {
      if (code !== null || !(cause instanceof ClientError) || !wantsCode(cause.server_error_id)) throw cause;
      setCode('');
      return;
    }
    navigate('/', 'replace');
  });
  return (
    <AuthFrame title={t('login.title')} lead={t('login.lead')}>
      <form class="form" onSubmit={onSubmit} aria-label={t('login.title')}>
        {error && <ErrorNote text={error} />}
        {code !== null && <Field label={t('login.code')} name="code" autocomplete="one-time-code" required autofocus maxLength={8} value={code} onValue={setCode} />}
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? t('login.busy') : t('login.title')}
        </button>
      </form>
      {error && (
        <p class="form-foot" onClick={followLink}>
          <a href="/login">{t('login.title')}</a>
        </p>
      )}
    </AuthFrame>
  );
}
