// Buttons of the login services.
import { t } from '../locale/locale';
import { navigate } from '../routing/navigate';
import { config } from '../store/session';
import { beginning, inDesktopApp, services } from './services';

/** `back`: the path that the login ends at. */
export function ServiceButtons({ back }: { back: string }) {
  const offered = services(config.value);
  if (!offered.length) return null;
  const desktop = inDesktopApp(navigator.userAgent);
  return (
    <div class="form" role="group" aria-label={t('sso.group')}>
      {offered.map(({ name, text, color }) =>
        desktop ? (
          <button key={name} type="button" class="button wide" onClick={() => navigate(`/login/desktop?service=${name}`)}>
            {t('sso.button', { name: text })}
          </button>
        ) : (
          <a key={name} class="button wide" style={color ? { borderColor: color } : undefined} href={beginning(name, { redirect_to: back })}>
            {t('sso.button', { name: text })}
          </a>
        ),
      )}
    </div>
  );
}
