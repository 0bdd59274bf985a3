import { useState } from 'preact/hooks';
import { api } from '../api/client';
import { LANGUAGES } from '../locale/languages';
import { language as shown, speak, t } from '../locale/locale';
import { me } from '../store/session';
import { receiveUsers } from '../store/users';
import { languageName } from '../translation/languages';
import { languages, myLanguage, saveMyLanguage } from '../translation/load';
import { closeDialog, Dialog } from '../ui/Dialog';
import { Field } from '../ui/Field';
import { ErrorNote, say } from '../ui/states';
import { useForm } from '../ui/useForm';

/** One's names, and the language that translations come in. */
export function ProfileDialog() {
  const [first, setFirst] = useState(me.value?.first_name ?? '');
  const [last, setLast] = useState(me.value?.last_name ?? '');
  const [locale, setLocale] = useState<string>(shown.value);
  const [language, setLanguage] = useState(myLanguage.value);
  const { busy, error, onSubmit } = useForm(async () => {
    const user = await api.patchMe({ first_name: first.trim(), last_name: last.trim(), locale });
    me.value = user;
    receiveUsers([user]);
    await speak(locale);
    if (language !== myLanguage.value) await saveMyLanguage(language);
    closeDialog();
    say(t('state.saved'));
  });
  return (
    <Dialog title={t('self.profile')}>
      <form class="form" onSubmit={onSubmit} aria-label={t('profile.form')}>
        {error && <ErrorNote text={error} />}
        <Field label={t('profile.first')} autocomplete="given-name" maxLength={64} value={first} onValue={setFirst} />
        <Field label={t('profile.last')} autocomplete="family-name" maxLength={64} value={last} onValue={setLast} />
        <div class="field">
          <label for="my-locale">{t('profile.locale')}</label>
          <select id="my-locale" aria-describedby="my-locale-hint" value={locale} onChange={(event) => setLocale(event.currentTarget.value)}>
            {Object.entries(LANGUAGES).map(([code, name]) => (
              <option key={code} value={code} lang={code}>
                {name}
              </option>
            ))}
          </select>
          <small id="my-locale-hint" class="hint">
            {t('profile.localeHint')}
          </small>
        </div>
        {languages.value.length > 0 && (
          <div class="field">
            <label for="my-language">{t('profile.reading')}</label>
            <select id="my-language" value={language} onChange={(event) => setLanguage(event.currentTarget.value)}>
              {!languages.value.includes(language) && <option value={language}>{languageName(language)}</option>}
              {languages.value.map((code) => (
                <option key={code} value={code}>
                  {languageName(code)}
                </option>
              ))}
            </select>
            <small class="hint">{t('profile.readingHint')}</small>
          </div>
        )}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={closeDialog}>
            {t('action.cancel')}
          </button>
          <button type="submit" class="button primary" disabled={busy}>
            {t('action.save')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
