import { useId } from 'preact/hooks';
import { t } from '../locale/locale';
import { say } from './states';
import { copyText } from './copy';

/** Text to be handed over, with a button that copies it. */
export function CopyField({ label, value, hint }: { label: string; value: string; hint?: string }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="row">
        <input id={id} readOnly value={value} onFocus={(event) => event.currentTarget.select()} />
        <button type="button" class="button" aria-label={`Copy ${label.toLowerCase()}`} onClick={() => void copyText(value).then((done) => say(done ? t('state.copied') : t('state.copySelf')))}>
          {t('action.copy')}
        </button>
      </div>
      {hint && <small class="hint">{hint}</small>}
    </div>
  );
}
