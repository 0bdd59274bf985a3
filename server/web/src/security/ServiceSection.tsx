// How the account is opened: by a password, or by a login service.
import { ClientError } from '@mattermost/client';
import type { UserProfile } from '@mattermost/types/users';
import { useState } from 'preact/hooks';
import { api } from '../api/client';
import { services, type Service } from '../auth/services';
import { logOut } from '../auth/session';
import { t } from '../locale/locale';
import { config } from '../store/session';
import { Field } from '../ui/Field';
import { ErrorNote } from '../ui/states';
import { useForm } from '../ui/useForm';
import { wantsCode } from './sessions';

interface Follow {
  follow_link: string;
}

export function ServiceSection({ user }: { user: UserProfile }) {
  const [to, setTo] = useState<Service | null>(null);
  const [home, setHome] = useState(false);
  const offered = services(config.value);
  const current = offered.find((service) => service.name === user.auth_service);
  if (!current && (user.auth_service || !offered.length)) return null;
  return (
    <section class="settings-section" aria-label={t('sso.method')}>
      <h3>{t('sso.method')}</h3>
      <p>{current ? t('sso.methodService', { name: current.text }) : t('sso.methodPassword')}</p>
      {!current && !to && offered.map((service) => (
        <button key={service.name} type="button" class="button" onClick={() => setTo(service)}>
          {t('sso.switchTo', { name: service.text })}
        </button>
      ))}
      {to && <Leave user={user} service={to} cancel={() => setTo(null)} />}
      {current && !home && (
        <button type="button" class="button" onClick={() => setHome(true)}>
          {t('sso.switchBack')}
        </button>
      )}
      {current && home && <Return user={user} service={current} cancel={() => setHome(false)} />}
    </section>
  );
}

interface Props {
  user: UserProfile;
  service: Service;
  cancel: () => void;
}

/** From a password to a service: the password is asked for, then the service. */
function Leave({ user, service, cancel }: Props) {
  const [password, setPassword] = useState('');
  const [code, setCode] = useState<string | null>(null);
  const { busy, error, onSubmit } = useForm(async () => {
    const body = { current_service: 'email', new_service: service.name, email: user.email, password, mfa_code: (code ?? '').replace(/\s/g, '') };
    try {
      location.assign((await api.call<Follow>('/users/login/switch', 'post', body)).follow_link);
    } catch (cause) {
      if (code !== null || !(cause instanceof ClientError) || !wantsCode(cause.server_error_id)) throw cause;
      setCode('');
    }
  });
  return (
    <form class="form" onSubmit={onSubmit} aria-label={t('sso.switchTo', { name: service.text })}>
      {error && <ErrorNote text={error} />}
      <p>{t('sso.switchLead', { name: service.text })}</p>
      <Field label={t('login.password')} type="password" autocomplete="current-password" required autofocus value={password} onValue={setPassword} />
      {code !== null && <Field label={t('login.code')} autocomplete="one-time-code" required autofocus maxLength={8} value={code} onValue={setCode} />}
      <Buttons busy={busy} cancel={cancel} />
    </form>
  );
}

/** Back to a password; every session ends. */
function Return({ user, service, cancel }: Props) {
  const [password, setPassword] = useState('');
  const { busy, error, onSubmit } = useForm(async () => {
    const body = { current_service: service.name, new_service: 'email', email: user.email, new_password: password };
    await api.call<Follow>('/users/login/switch', 'post', body);
    await logOut();
  });
  return (
    <form class="form" onSubmit={onSubmit} aria-label={t('sso.switchBack')}>
      {error && <ErrorNote text={error} />}
      <Field label={t('sso.newPassword')} type="password" autocomplete="new-password" required autofocus value={password} onValue={setPassword} />
      <Buttons busy={busy} cancel={cancel} />
    </form>
  );
}

function Buttons({ busy, cancel }: { busy: boolean; cancel: () => void }) {
  return (
    <div class="dialog-actions">
      <button type="button" class="button" onClick={cancel}>
        {t('sso.cancel')}
      </button>
      <button type="submit" class="button primary" disabled={busy}>
        {t('sso.switch')}
      </button>
    </div>
  );
}
