import type { Group } from '@mattermost/types/groups';
import type { UserProfile } from '@mattermost/types/users';
import { useEffect, useState } from 'preact/hooks';
import { errorText } from '../api/client';
import { PeoplePicker } from '../users/PeoplePicker';
import { closeDialog, Dialog } from '../ui/Dialog';
import { Field } from '../ui/Field';
import { ErrorNote, say, Spinner } from '../ui/states';
import { useForm } from '../ui/useForm';
import { membersOf, saveGroup } from './groups';
import { mentionName } from './mention-name';

/** Makes a group, or changes one. */
export function GroupDialog({ group, saved }: { group: Group | null; saved: () => void }) {
  const [title, setTitle] = useState(group?.display_name ?? '');
  const [name, setName] = useState(group?.name ?? '');
  const [before, setBefore] = useState<UserProfile[] | null>(group ? null : []);
  const [members, setMembers] = useState<UserProfile[]>([]);
  const [failure, setFailure] = useState('');
  useEffect(() => {
    if (!group) return;
    membersOf(group.id).then(
      (list) => {
        setBefore(list);
        setMembers(list);
      },
      (cause) => setFailure(errorText(cause)),
    );
  }, []);
  const ids = (list: readonly UserProfile[]) => list.map((user) => user.id);
  const { busy, error, onSubmit } = useForm(async () => {
    await saveGroup(group, { name: name.trim() || mentionName(title), display_name: title.trim() }, ids(members), ids(before ?? []));
    saved();
    closeDialog();
    say('Saved.');
  });
  return (
    <Dialog title={group ? `Edit ${group.display_name}` : 'New group'}>
      <form class="form" onSubmit={onSubmit} aria-label="Group">
        {(failure || error) && <ErrorNote text={failure || error} />}
        <Field label="Group name" required autofocus maxLength={64} value={title} onValue={setTitle} />
        <Field label="Mentioned as" maxLength={64} value={name} onValue={setName} placeholder={mentionName(title)} hint="After an @, without spaces." />
        {before ? <PeoplePicker autofocus={false} scope={{}} chosen={members} onChange={setMembers} /> : !failure && <Spinner />}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={closeDialog}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={busy || !before}>
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}
