import { ClientError } from '@mattermost/client';
import { useState } from 'preact/hooks';
import { t } from '../locale/locale';
import { followLink, navigate, route } from '../routing/navigate';
import { wantsCode } from '../security/sessions';
import { config } from '../store/session';
import { Field } from '../ui/Field';
import { useForm } from '../ui/useForm';
import { ErrorNote } from '../ui/states';
import { AuthFrame } from './AuthFrame';
import { ServiceButtons } from './ServiceButtons';
import { sentence } from './services';
import { logIn } from './session';

/** Directories have login names of their own; their people are told what to write. */
function nameLabel(): string {
  const { EnableLdap, LdapLoginFieldName } = config.value;
  return EnableLdap === 'true' && LdapLoginFieldName ? `${t('login.name')} / ${LdapLoginFieldName}` : t('login.name');
}

export function LoginPage() {
  const [login, setLogin] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState<string | null>(null);
  const { busy, error, onSubmit } = useForm(async () => {
    try {
      await logIn(login.trim(), password, (code ?? '').replace(/\s/g, ''));
    } catch (cause) {
      // The first such answer only says that there is a second step.
      if (code !== null || !(cause instanceof ClientError) || !wantsCode(cause.server_error_id)) throw cause;
      setCode('');
      return;
    }
    // A program waits for its user's word (OAuth 2); that page is the server's own.
    const back = new URLSearchParams(location.search).get('redirect_to');
    if (back?.startsWith('/oauth/authorize?')) return location.assign(back);
    if (route.value.kind === 'login') navigate('/', 'replace');
  });
  const query = new URLSearchParams(location.search);
  const failed = query.get('sso_error');
  // Whoever opened a page of the site without being logged in is on it.
  const back = query.get('redirect_to') ?? (location.pathname === '/login' ? '' : location.pathname + location.search);
  return (
    <AuthFrame title={t('login.title')} lead={t('login.lead')}>
      <form class="form" onSubmit={onSubmit} aria-label={t('login.title')}>
        {!error && failed && <ErrorNote text={t(sentence(failed))} />}
        {query.get('extra') === 'signin_change' && !error && <p role="status">{t('sso.changed')}</p>}
        {error && <ErrorNote text={error} />}
        <Field label={nameLabel()} name="login" autocomplete="username" required autofocus value={login} onValue={setLogin} />
        <Field label={t('login.password')} name="password" type="password" autocomplete="current-password" required value={password} onValue={setPassword} />
        {code !== null && <Field label={t('login.code')} name="code" autocomplete="one-time-code" required autofocus maxLength={8} value={code} onValue={setCode} />}
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? t('login.busy') : t('login.title')}
        </button>
        {config.value.EnableUserCreation !== 'false' && (
          <p class="form-foot" onClick={followLink}>
            {t('login.noAccount')} <a href="/signup_user_complete/">{t('login.create')}</a>
          </p>
        )}
      </form>
      <ServiceButtons back={back} />
    </AuthFrame>
  );
}
