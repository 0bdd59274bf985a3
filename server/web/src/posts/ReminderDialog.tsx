import type { Post } from '@mattermost/types/posts';
import { useState } from 'preact/hooks';
import { api } from '../api/client';
import { t } from '../locale/locale';
import { myId } from '../store/session';
import { closeDialog, Dialog } from '../ui/Dialog';
import { ErrorNote } from '../ui/states';
import { clock, dayName } from '../ui/time';
import { useForm } from '../ui/useForm';
import { reminderSeconds, reminderTimes } from './remind';

/** Asks when to be reminded of a message; the server says so in the channel, to the user only. */
export default function ReminderDialog({ post }: { post: Post }) {
  const [times] = useState(() => reminderTimes(Date.now()));
  const [chosen, setChosen] = useState(0);
  const [own, setOwn] = useState('');
  const other = chosen === times.length;
  const { busy, error, onSubmit } = useForm(async () => {
    const seconds = reminderSeconds(other ? new Date(own).getTime() : times[chosen].at, Date.now());
    if (seconds === null) throw new Error(t('remind.future'));
    await api.addPostReminder(myId.value, post.id, seconds);
    closeDialog();
  });
  return (
    <Dialog title={t('post.remind')}>
      <form class="form" onSubmit={onSubmit} aria-label={t('post.remind')}>
        {error && <ErrorNote text={error} />}
        <fieldset class="choice">
          <legend>{t('remind.when')}</legend>
          {times.map((time, at) => (
            <label key={time.label} class="check">
              <input type="radio" name="when" checked={chosen === at} onChange={() => setChosen(at)} />
              {time.label} <small class="hint">{at < 3 ? clock(time.at) : dayName(time.at)}</small>
            </label>
          ))}
          <label class="check">
            <input type="radio" name="when" checked={other} onChange={() => setChosen(times.length)} />
            {t('remind.other')}
          </label>
        </fieldset>
        {other && (
          <div class="field">
            <label for="reminder-time">{t('remind.date')}</label>
            <input id="reminder-time" type="datetime-local" required value={own} onInput={(event) => setOwn(event.currentTarget.value)} />
          </div>
        )}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={closeDialog}>
            {t('action.cancel')}
          </button>
          <button type="submit" class="button primary" disabled={busy}>
            {t('post.remind')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
