import type { ServerChannel as Channel } from '@mattermost/types/channels';
import { useState } from 'preact/hooks';
import { api } from '../api/client';
import { t } from '../locale/locale';
import { receiveChannels } from '../store/channels';
import { closeDialog, Dialog } from '../ui/Dialog';
import { Field } from '../ui/Field';
import { ErrorNote } from '../ui/states';
import { useForm } from '../ui/useForm';

/** Changes the line under the channel's name, and the name itself where there is one. */
export function EditHeader({ channel }: { channel: Channel }) {
  const named = channel.type === 'O' || channel.type === 'P';
  const [display, setDisplay] = useState(channel.display_name);
  const [header, setHeader] = useState(channel.header);
  const { busy, error, onSubmit } = useForm(async () => {
    const patch: Partial<Channel> = { header };
    if (named && display.trim() !== channel.display_name) patch.display_name = display.trim();
    receiveChannels([(await api.patchChannel(channel.id, patch)) as Channel]);
    closeDialog();
  });
  return (
    <Dialog title={t('channel.edit')}>
      <form class="form" onSubmit={onSubmit} aria-label={t('channel.edit')}>
        {error && <ErrorNote text={error} />}
        {named && <Field label={t('channel.name')} required maxLength={64} value={display} onValue={setDisplay} />}
        <Field label={t('channel.header')} maxLength={1024} autofocus value={header} onValue={setHeader} hint={t('channel.headerHint')} />
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
