import type { ServerChannel as Channel } from '@mattermost/types/channels';
import type { UserProfile } from '@mattermost/types/users';
import { useState } from 'preact/hooks';
import { api } from '../api/client';
import { t } from '../locale/locale';
import { closeDialog, Dialog } from '../ui/Dialog';
import { ErrorNote, say } from '../ui/states';
import { useForm } from '../ui/useForm';
import { PeoplePicker } from '../users/PeoplePicker';
import { memberChange } from './members';

/** Adds members of the team to a channel. */
export function AddPeople({ channel }: { channel: Channel }) {
  const [chosen, setChosen] = useState<UserProfile[]>([]);
  const { busy, error, onSubmit } = useForm(async () => {
    for (const user of chosen) await api.addToChannel(user.id, channel.id);
    memberChange.value += 1;
    closeDialog();
    say(t('channel.added', { count: chosen.length }));
  });
  return (
    <Dialog title={t('channel.addPeopleTo', { channel: channel.display_name })}>
      <form class="form" onSubmit={onSubmit} aria-label={t('channel.addPeople')}>
        {error && <ErrorNote text={error} />}
        <PeoplePicker scope={{ team_id: channel.team_id, not_in_channel_id: channel.id }} chosen={chosen} onChange={setChosen} />
        <div class="dialog-actions">
          <button type="submit" class="button primary" disabled={busy || chosen.length === 0}>
            {t('channel.add')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
