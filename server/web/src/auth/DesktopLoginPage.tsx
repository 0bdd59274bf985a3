// A login that the desktop app hands to the browser of its machine. The page is shown at both ends: in the app it sends the
// browser off and takes the token that comes back, in the browser it opens the app.
import { useEffect, useState } from 'preact/hooks';
import { errorText } from '../api/client';
import { t } from '../locale/locale';
import { followLink, navigate } from '../routing/navigate';
import { ErrorNote, Spinner } from '../ui/states';
import { AuthFrame } from './AuthFrame';
import { beginning, desktopAddress } from './services';
import { logInByDesktopToken } from './session';

/** Where the app keeps what it will know its own login by. */
const MINE = 'desktopClientToken';

interface Props {
  service: string;
  clientToken: string;
  serverToken: string;
  dev: boolean;
}

export function DesktopLoginPage({ service, clientToken, serverToken, dev }: Props) {
  const mine = sessionStorage.getItem(MINE) ?? '';
  const [error, setError] = useState('');
  const returned = Boolean(serverToken) && clientToken === mine && mine !== '';
  const address = desktopAddress(location.host, clientToken, serverToken, dev);
  const begin = () => {
    const token = Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, '0')).join('');
    sessionStorage.setItem(MINE, token);
    window.open(new URL(beginning(service, { desktop_token: token }), location.href));
  };
  useEffect(() => {
    if (returned) {
      sessionStorage.removeItem(MINE);
      logInByDesktopToken(serverToken).then(
        () => navigate('/', 'replace'),
        (cause) => setError(errorText(cause)),
      );
    } else if (serverToken) {
      location.assign(address);
    } else {
      begin();
    }
  }, []);
  return (
    <AuthFrame title={t('login.title')} lead={serverToken && !returned ? t('sso.openApp') : t('sso.inBrowser')}>
      <div class="form">
        {error && <ErrorNote text={error} />}
        {returned && !error && <Spinner />}
        {!returned && serverToken && (
          <a class="button primary" href={address}>
            {t('sso.openAppButton')}
          </a>
        )}
        {!serverToken && (
          <button type="button" class="button primary" onClick={begin}>
            {t('sso.again')}
          </button>
        )}
        <p class="form-foot" onClick={followLink}>
          <a href="/login">{t('sso.otherWay')}</a>
        </p>
      </div>
    </AuthFrame>
  );
}
