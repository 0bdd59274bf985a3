import type { Team } from '@mattermost/types/teams';
import { useState } from 'preact/hooks';
import { confirmDialog, dialog } from '../ui/Dialog';
import { Fetched } from '../ui/Fetched';
import { Icon } from '../ui/Icon';
import { Menu, type MenuItem } from '../ui/Menu';
import { Pages, usePages } from '../ui/Pages';
import { attempt, Empty, say } from '../ui/states';
import { IntegrationDialog } from './IntegrationDialog';
import type { Kind } from './kind';

/** Integrations of one kind: their list, and for each what its program needs to know. */
export function KindSection<T extends object>({ kind, team }: { kind: Kind<T>; team: Team }) {
  const found = usePages<T>((page, size) => kind.list(team.id, page, size), team.id);
  const [open, setOpen] = useState('');
  const edit = (value: T | null) =>
    (dialog.value = () => (
      <IntegrationDialog
        kind={kind}
        value={value}
        team={team}
        saved={(made) => {
          found.reload();
          if (!value) setOpen(kind.key(made));
        }}
      />
    ));
  return (
    <>
      <div class="tools">
        <p class="grow">{kind.lead}</p>
        <button type="button" class="button primary" onClick={() => edit(null)}>
          <Icon name="plus" size={16} /> New {kind.one}
        </button>
      </div>
      <Fetched of={found} what={kind.title.toLowerCase()} empty={<Empty title={`No ${kind.one} yet`}>Those that are made appear here, with a command to try them.</Empty>}>
        {(list) => (
          <ul class="rows integrations" aria-label={kind.title}>
            {list.map((value) => {
              const key = kind.key(value);
              const shown = open === key;
              const off = kind.off?.(value) ?? false;
              return (
                <li key={key} class={`folds${off ? ' away' : ''}`}>
                  <span class="pick-text">
                    <span>
                      {kind.name(value)}
                      {off && <span class="tag">DEACTIVATED</span>}
                    </span>
                    <small>{kind.detail(value)}</small>
                  </span>
                  {!off && (
                    <button type="button" class="button small" aria-expanded={shown} aria-label={`How to use ${kind.name(value)}`} onClick={() => setOpen(shown ? '' : key)}>
                      {shown ? 'Close' : 'Use'}
                    </button>
                  )}
                  <Menu label={`Actions for ${kind.name(value)}`} align="right" items={actions(kind, value, found.reload, () => edit(value))}>
                    <Icon name="more" />
                  </Menu>
                  {shown && !off && (
                    <div class="details">
                      <kind.Use value={value} team={team} />
                    </div>
                  )}
                </li>
              );
            })}
          </ul>
        )}
      </Fetched>
      <Pages of={found} />
    </>
  );
}

function actions<T extends object>(kind: Kind<T>, value: T, reload: () => void, edit: () => void): (MenuItem | null)[] {
  const remove = kind.remove;
  return [
    kind.off?.(value) ? null : { label: 'Edit', icon: 'edit', run: edit },
    ...(kind.more?.(value, reload) ?? []),
    remove
      ? {
          label: 'Delete',
          icon: 'trash',
          danger: true,
          run: () =>
            confirmDialog(`Delete ${kind.name(value)}?`, 'The program behind it is cut off at once. There is no way back: a new one gets another address or token.', 'Delete', () =>
              void attempt(() => remove(value)).then((went) => {
                reload();
                if (went) say('Deleted.');
              }),
            ),
        }
      : null,
  ];
}
