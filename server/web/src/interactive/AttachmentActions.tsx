import type { Post } from '@mattermost/types/posts';
import { useState } from 'preact/hooks';
import { ChoiceField, type Choice } from '../ui/ChoiceField';
import { attempt } from '../ui/states';
import { usableActions, type PostAction } from './attachment';
import { findChannels, findUsers } from './choices';
import { press } from './press';

const STYLES: Record<string, string> = { primary: 'primary', good: 'primary', success: 'primary', danger: 'danger', warning: 'danger' };

/** Buttons and selects under an attachment. */
export function AttachmentActions({ post, actions }: { post: Post; actions: PostAction[] | null | undefined }) {
  const usable = usableActions(actions);
  if (usable.length === 0) return null;
  return (
    <div class="attachment-actions" role="group" aria-label="Actions">
      {usable.map((action) => (action.type === 'select' ? <ActionSelect key={action.id} post={post} action={action} /> : <ActionButton key={action.id} post={post} action={action} />))}
    </div>
  );
}

interface Props {
  post: Post;
  action: PostAction;
}

function ActionButton({ post, action }: Props) {
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    await attempt(() => press(post, action));
    setBusy(false);
  };
  return (
    <button type="button" class={`button small ${STYLES[action.style ?? ''] ?? ''}`} disabled={busy || action.disabled} aria-busy={busy} title={action.tooltip} onClick={() => void run()}>
      {action.name}
    </button>
  );
}

function ActionSelect({ post, action }: Props) {
  const options = action.options ?? [];
  const [chosen, setChosen] = useState<Choice[]>(() => {
    const known = options.find((option) => option.value === action.default_option);
    return known ? [known] : [];
  });
  const choose = (choice: Choice | undefined) => {
    if (!choice) return;
    const before = chosen;
    setChosen([choice]);
    void attempt(() => press(post, action, choice.value)).then((done) => {
      // A choice that the program did not hear of must not look made.
      if (!done) setChosen(before);
    });
  };
  if (action.data_source === 'users' || action.data_source === 'channels') {
    return (
      <ChoiceField
        label={action.name}
        quiet
        placeholder={action.name}
        disabled={action.disabled}
        chosen={chosen}
        find={action.data_source === 'users' ? findUsers : findChannels}
        onChange={([choice]) => choose(choice)}
      />
    );
  }
  return (
    <select aria-label={action.name} disabled={action.disabled} title={action.tooltip} value={chosen[0]?.value ?? ''} onChange={(event) => choose(options.find((option) => option.value === event.currentTarget.value))}>
      <option value="" disabled>
        {action.name}
      </option>
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.text}
        </option>
      ))}
    </select>
  );
}
