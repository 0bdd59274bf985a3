import type { ServerChannel as Channel } from '@mattermost/types/channels';
import type { Team } from '@mattermost/types/teams';
import { useState } from 'preact/hooks';
import { api } from '../api/client';
import { t } from '../locale/locale';
import { navigate } from '../routing/navigate';
import { urlNameOrRandom } from '../teams/name';
import { closeDialog, Dialog } from '../ui/Dialog';
import { Field } from '../ui/Field';
import { ErrorNote } from '../ui/states';
import { useForm } from '../ui/useForm';
import { loadChannel } from './load';
import { pathOf } from './path';

export function CreateChannel({ team }: { team: Team }) {
  const [display, setDisplay] = useState('');
  const [purpose, setPurpose] = useState('');
  const [isPrivate, setPrivate] = useState(false);
  const { busy, error, onSubmit } = useForm(async () => {
    const created = await api.createChannel({
      team_id: team.id,
      display_name: display.trim(),
      name: urlNameOrRandom(display),
      purpose: purpose.trim(),
      type: isPrivate ? 'P' : 'O',
    } as Channel);
    const channel = await loadChannel(created.id);
    closeDialog();
    navigate(pathOf(channel));
  });
  return (
    <Dialog title={t('channel.create')}>
      <form class="form" onSubmit={onSubmit} aria-label={t('channel.create')}>
        {error && <ErrorNote text={error} />}
        <Field label={t('channel.name')} required maxLength={64} autofocus value={display} onValue={setDisplay} />
        <Field label={t('channel.purpose')} maxLength={250} value={purpose} onValue={setPurpose} hint={t('channel.purposeHint')} />
        <fieldset class="choice">
          <legend>{t('channel.whoFinds')}</legend>
          <label class="check">
            <input type="radio" name="privacy" checked={!isPrivate} onChange={() => setPrivate(false)} />
            {t('channel.public')}
          </label>
          <label class="check">
            <input type="radio" name="privacy" checked={isPrivate} onChange={() => setPrivate(true)} />
            {t('channel.private')}
          </label>
        </fieldset>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={closeDialog}>
            {t('action.cancel')}
          </button>
          <button type="submit" class="button primary" disabled={busy}>
            {t('channel.create')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
