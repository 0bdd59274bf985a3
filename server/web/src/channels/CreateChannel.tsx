import type { ServerChannel as Channel } from '@mattermost/types/channels';
import type { Team } from '@mattermost/types/teams';
import { useState } from 'preact/hooks';
import { api } from '../api/client';
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
    <Dialog title="Create channel">
      <form class="form" onSubmit={onSubmit} aria-label="Create channel">
        {error && <ErrorNote text={error} />}
        <Field label="Channel name" required maxLength={64} autofocus value={display} onValue={setDisplay} />
        <Field label="Purpose" maxLength={250} value={purpose} onValue={setPurpose} hint="What the channel is about. Optional." />
        <fieldset class="choice">
          <legend>Who can find it</legend>
          <label class="check">
            <input type="radio" name="privacy" checked={!isPrivate} onChange={() => setPrivate(false)} />
            Public: every member of the team
          </label>
          <label class="check">
            <input type="radio" name="privacy" checked={isPrivate} onChange={() => setPrivate(true)} />
            Private: only people who are added
          </label>
        </fieldset>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={closeDialog}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={busy}>
            Create channel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
