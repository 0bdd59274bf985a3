import type { UserProfile } from '@mattermost/types/users';
import { useState } from 'preact/hooks';
import { t } from '../locale/locale';
import { navigate } from '../routing/navigate';
import { closeDialog, Dialog } from '../ui/Dialog';
import { ErrorNote } from '../ui/states';
import { useForm } from '../ui/useForm';
import { PeoplePicker } from '../users/PeoplePicker';
import { openDirect, openGroup } from './load';
import { pathOf } from './path';

/** Starts a conversation with one person, or with up to seven. */
export function NewMessage() {
  const [chosen, setChosen] = useState<UserProfile[]>([]);
  const { busy, error, onSubmit } = useForm(async () => {
    const ids = chosen.map((user) => user.id);
    const channel = ids.length === 1 ? await openDirect(ids[0]) : await openGroup(ids);
    closeDialog();
    navigate(pathOf(channel));
  });
  return (
    <Dialog title={t('sidebar.newDirect')}>
      <form class="form" onSubmit={onSubmit} aria-label={t('sidebar.newDirect')}>
        {error && <ErrorNote text={error} />}
        <PeoplePicker scope={{}} chosen={chosen} onChange={(next) => setChosen(next.slice(0, 7))} />
        <div class="dialog-actions">
          <button type="submit" class="button primary" disabled={busy || chosen.length === 0}>
            {t('people.openConversation')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
