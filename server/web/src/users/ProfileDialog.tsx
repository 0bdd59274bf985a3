import { useState } from 'preact/hooks';
import { api } from '../api/client';
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
  const [language, setLanguage] = useState(myLanguage.value);
  const { busy, error, onSubmit } = useForm(async () => {
    const user = await api.patchMe({ first_name: first.trim(), last_name: last.trim() });
    me.value = user;
    receiveUsers([user]);
    if (language !== myLanguage.value) await saveMyLanguage(language);
    closeDialog();
    say('Saved.');
  });
  return (
    <Dialog title="Profile and language">
      <form class="form" onSubmit={onSubmit} aria-label="Profile">
        {error && <ErrorNote text={error} />}
        <Field label="First name" autocomplete="given-name" maxLength={64} value={first} onValue={setFirst} />
        <Field label="Last name" autocomplete="family-name" maxLength={64} value={last} onValue={setLast} />
        {languages.value.length > 0 && (
          <div class="field">
            <label for="my-language">My language</label>
            <select id="my-language" value={language} onChange={(event) => setLanguage(event.currentTarget.value)}>
              {!languages.value.includes(language) && <option value={language}>{languageName(language)}</option>}
              {languages.value.map((code) => (
                <option key={code} value={code}>
                  {languageName(code)}
                </option>
              ))}
            </select>
            <small class="hint">Messages of translated channels are shown in this language.</small>
          </div>
        )}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={closeDialog}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={busy}>
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}
