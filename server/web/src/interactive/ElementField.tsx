import { useId, useState } from 'preact/hooks';
import { channels } from '../store/channels';
import { displayName, users } from '../store/users';
import { ChoiceField, type Choice } from '../ui/ChoiceField';
import { findChannels, findUsers, matching } from './choices';
import type { Answer, DialogElement } from './elements';

interface Props {
  element: DialogElement;
  answer: Answer;
  error: string | undefined;
  onAnswer: (answer: Answer) => void;
  /** Asks the program for choices. */
  lookup: (term: string) => Promise<Choice[]>;
}

const INPUT_TYPES: Record<string, string> = { email: 'email', number: 'number', password: 'password', tel: 'tel', url: 'url' };

function inputType(element: DialogElement): string {
  if (element.type === 'date') return 'date';
  if (element.type === 'datetime') return 'datetime-local';
  return INPUT_TYPES[element.subtype] ?? 'text';
}

/** One field of an interactive dialog. */
export function ElementField(props: Props) {
  const { element, answer, error, onAnswer } = props;
  const id = useId();
  const label = element.optional || element.type === 'bool' ? element.display_name : `${element.display_name} *`;
  const notes = [error && `${id}-error`, element.help_text && `${id}-hint`].filter(Boolean).join(' ') || undefined;
  const shared = { id, 'aria-describedby': notes, 'aria-invalid': error ? true : undefined, 'aria-required': !element.optional, placeholder: element.placeholder };
  const text = typeof answer === 'string' ? answer : '';
  const foot = (
    <>
      {error && (
        <small id={`${id}-error`} class="field-error">
          {error}
        </small>
      )}
      {element.help_text && (
        <small id={`${id}-hint`} class="hint">
          {element.help_text}
        </small>
      )}
    </>
  );

  if (element.type === 'select') return <SelectElement {...props} label={label} />;
  if (element.type === 'bool') {
    return (
      <div class="field">
        <label class="check">
          <input {...shared} type="checkbox" checked={answer === true} onChange={(event) => onAnswer(event.currentTarget.checked)} />
          {element.placeholder ? `${element.display_name}: ${element.placeholder}` : element.display_name}
        </label>
        {foot}
      </div>
    );
  }
  if (element.type === 'radio') {
    return (
      <fieldset class="choice" aria-describedby={notes}>
        <legend>{label}</legend>
        {(element.options ?? []).map((option, at) => (
          <label key={option.value} class="check">
            <input type="radio" name={id} aria-invalid={at === 0 && error ? true : undefined} checked={answer === option.value} onChange={() => onAnswer(String(option.value))} />
            {option.text}
          </label>
        ))}
        {foot}
      </fieldset>
    );
  }
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {element.type === 'textarea' ? (
        <textarea {...shared} rows={4} maxLength={element.max_length || undefined} value={text} onInput={(event) => onAnswer(event.currentTarget.value)} />
      ) : (
        <input
          {...shared}
          {...({ type: inputType(element) } as object)}
          // Fractions are numbers too.
          step={element.subtype === 'number' ? 'any' : undefined}
          maxLength={element.max_length || undefined}
          value={text}
          onInput={(event) => onAnswer(event.currentTarget.value)}
        />
      )}
      {foot}
    </div>
  );
}

function SelectElement({ element, answer, error, onAnswer, lookup, label }: Props & { label: string }) {
  const options: Choice[] = (element.options ?? []).map((option) => ({ text: option.text, value: String(option.value) }));
  const values = Array.isArray(answer) ? answer : typeof answer === 'string' && answer ? [answer] : [];
  const [chosen, setChosen] = useState<Choice[]>(() => values.map((value) => options.find((option) => option.value === value) ?? { value, text: nameOf(element, value) }));
  const sources: Record<string, (term: string) => Promise<Choice[]>> = { users: findUsers, channels: findChannels, dynamic: lookup };
  return (
    <ChoiceField
      label={label}
      hint={element.help_text}
      error={error}
      placeholder={element.placeholder}
      required={!element.optional}
      multiple={element.multiselect}
      chosen={chosen}
      find={sources[element.data_source] ?? (async (term) => matching(options, term))}
      onChange={(next) => {
        setChosen(next);
        onAnswer(element.multiselect ? next.map((choice) => choice.value) : (next[0]?.value ?? ''));
      }}
    />
  );
}

/** The name of a proposed choice that is no option of the form itself. */
function nameOf(element: DialogElement, value: string): string {
  if (element.data_source === 'users') return displayName(users.value[value]);
  if (element.data_source === 'channels') return channels.value[value]?.display_name ?? value;
  return value;
}
