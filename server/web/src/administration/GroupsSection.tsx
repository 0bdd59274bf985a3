import type { Group } from '@mattermost/types/groups';
import { api } from '../api/client';
import { loadGroups } from '../groups/groups';
import { confirmDialog, dialog } from '../ui/Dialog';
import { Fetched } from '../ui/Fetched';
import { Icon } from '../ui/Icon';
import { Menu, type MenuItem } from '../ui/Menu';
import { Pages, usePages } from '../ui/Pages';
import { attempt, Empty, say } from '../ui/states';
import { GroupDialog } from './GroupDialog';
import { listGroups } from './groups';

/** Groups of people that are mentioned by one name. */
export function GroupsSection() {
  const found = usePages<Group>(listGroups);
  const changed = () => {
    found.reload();
    void loadGroups();
  };
  const edit = (group: Group | null) => (dialog.value = () => <GroupDialog group={group} saved={changed} />);
  return (
    <>
      <div class="tools">
        <p class="grow">Mentioning a group tells everybody in it who can read the channel.</p>
        {!found.absent && (
          <button type="button" class="button primary" onClick={() => edit(null)}>
            New group
          </button>
        )}
      </div>
      <Fetched of={found} what="groups" empty={<Empty title="No groups yet">A group is a name for several people, such as @night-shift.</Empty>}>
        {(list) => (
          <ul class="rows" aria-label="Groups">
            {list.map((group) => (
              <li key={group.id} class={group.delete_at ? 'away' : undefined}>
                <span class="pick-text">
                  <span>
                    {group.display_name}
                    {group.delete_at > 0 && <span class="tag">ARCHIVED</span>}
                  </span>
                  <small>
                    @{group.name} · {group.member_count === 1 ? '1 person' : `${group.member_count ?? 0} people`}
                  </small>
                </span>
                <Menu label={`Actions for ${group.display_name}`} align="right" items={groupActions(group, changed, () => edit(group))}>
                  <Icon name="more" />
                </Menu>
              </li>
            ))}
          </ul>
        )}
      </Fetched>
      <Pages of={found} />
    </>
  );
}

function groupActions(group: Group, changed: () => void, edit: () => void): MenuItem[] {
  const restore = () =>
    void attempt(() => api.restoreGroup(group.id)).then((went) => {
      changed();
      if (went) say(`${group.display_name} is back.`);
    });
  if (group.delete_at > 0) return [{ label: 'Restore', icon: 'again', run: restore }];
  return [
    { label: 'Edit', icon: 'edit', run: edit },
    {
      label: 'Archive',
      icon: 'trash',
      danger: true,
      run: () =>
        confirmDialog(`Archive ${group.display_name}?`, 'It can no longer be mentioned. It can be restored here.', 'Archive', () =>
          void attempt(() => api.archiveGroup(group.id)).then((went) => {
            changed();
            if (went) say(`${group.display_name} is archived.`, 'info', { label: 'Undo', run: restore });
          }),
        ),
    },
  ];
}
