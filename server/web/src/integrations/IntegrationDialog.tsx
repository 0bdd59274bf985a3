import type { Team } from '@mattermost/types/teams';
import { useEffect, useRef, useState } from 'preact/hooks';
import { closeDialog, Dialog } from '../ui/Dialog';
import { ErrorNote, say } from '../ui/states';
import { useForm } from '../ui/useForm';
import { lines, type Kind } from './kind';

interface Props<T> {
  kind: Kind<T>;
  /** Null: a new one. */
  value: T | null;
  team: Team;
  saved: (made: T) => void;
}

/** Makes an integration, or changes one. */
export function IntegrationDialog<T extends object>({ kind, value, team, saved }: Props<T>) {
  const [draft, setDraft] = useState<T>(() => value ?? kind.blank(team.id));
  const { busy, error, onSubmit } = useForm(async () => {
    const wanted = tidy(draft);
    if ('team_id' in wanted && 'channel_id' in wanted && 'channel_locked' in wanted && !wanted.channel_id) throw new Error('Choose a channel.');
    saved(value ? ((await kind.update(wanted)) as T) : await kind.create(wanted));
    closeDialog();
    say('Saved.');
  });
  // On a small screen the answer may be out of sight.
  const note = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (error) note.current?.scrollIntoView({ block: 'nearest' });
  }, [error]);
  const title = value ? `Edit ${kind.name(value)}` : `New ${kind.one}`;
  return (
    <Dialog title={title}>
      <form class="form" onSubmit={onSubmit} aria-label={title}>
        <kind.Form value={draft} set={(change) => setDraft((old) => ({ ...old, ...change }))} team={team} fresh={!value} />
        <div ref={note}>{error && <ErrorNote text={error} />}</div>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={closeDialog}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={busy}>
            {value ? 'Save' : 'Create'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Without the empty lines and the spaces that typing leaves. */
function tidy<T extends object>(draft: T): T {
  const clean = (value: unknown) => (typeof value === 'string' ? value.trim() : Array.isArray(value) ? lines(value.join('\n')) : value);
  return Object.fromEntries(Object.entries(draft).map(([key, value]) => [key, clean(value)])) as T;
}
