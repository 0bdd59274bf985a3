import { useEffect, useId, useState } from 'preact/hooks';
import { errorText } from '../api/client';
import { t } from '../locale/locale';
import { Icon } from './Icon';

export interface Choice {
  value: string;
  text: string;
  detail?: string;
}

interface Props {
  label: string;
  /** The label is read out but not drawn. */
  quiet?: boolean;
  hint?: string;
  error?: string;
  placeholder?: string;
  required?: boolean;
  disabled?: boolean;
  /** Several may be chosen. */
  multiple?: boolean;
  chosen: Choice[];
  onChange: (chosen: Choice[]) => void;
  find: (term: string) => Promise<Choice[]>;
}

const ASK_AFTER_MS = 150;

/** A text field that finds choices while one types. Arrow keys move, Enter chooses, Escape closes the list. */
export function ChoiceField({ label, quiet, hint, error, placeholder, required, disabled, multiple, chosen, onChange, find }: Props) {
  const id = useId();
  const [term, setTerm] = useState('');
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const [found, setFound] = useState<Choice[]>([]);
  const [failure, setFailure] = useState('');

  useEffect(() => {
    if (!open) return;
    let current = true;
    const timer = setTimeout(() => {
      find(term).then(
        (list) => {
          if (!current) return;
          setFailure('');
          setFound(list);
          setAt(0);
        },
        (cause) => current && setFailure(errorText(cause)),
      );
    }, ASK_AFTER_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [term, open]);

  const picked = new Set(chosen.map((choice) => choice.value));
  const choose = (choice: Choice | undefined) => {
    if (!choice) return;
    if (!multiple) onChange([choice]);
    else onChange(picked.has(choice.value) ? chosen.filter((known) => known.value !== choice.value) : [...chosen, choice]);
    setTerm('');
    setOpen(false);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (!open) setOpen(true);
      else if (found.length > 0) setAt((at + (event.key === 'ArrowDown' ? 1 : found.length - 1)) % found.length);
    } else if (event.key === 'Enter' && open) {
      event.preventDefault();
      choose(found[at]);
    } else if (event.key === 'Escape' && open) {
      event.preventDefault();
      event.stopPropagation();
      setOpen(false);
    }
  };
  const notes = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(' ');
  return (
    <div class="field choice-field">
      <label for={id} class={quiet ? 'sr-only' : undefined}>
        {label}
      </label>
      {multiple && chosen.length > 0 && (
        <div class="chips">
          {chosen.map((choice) => (
            <button key={choice.value} type="button" class="chip" aria-label={t('action.remove', { name: choice.text })} onClick={() => choose(choice)}>
              {choice.text} <Icon name="close" size={12} />
            </button>
          ))}
        </div>
      )}
      <input
        id={id}
        role="combobox"
        aria-autocomplete="list"
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-activedescendant={open && found[at] ? `${id}-${at}` : undefined}
        aria-invalid={error ? true : undefined}
        aria-describedby={notes || undefined}
        aria-required={required}
        autocomplete="off"
        disabled={disabled}
        placeholder={placeholder || (multiple ? t('action.add') : t('action.choose'))}
        value={open ? term : multiple ? '' : (chosen[0]?.text ?? '')}
        onFocus={() => setOpen(true)}
        onClick={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onInput={(event) => {
          setTerm(event.currentTarget.value);
          setOpen(true);
        }}
        onKeyDown={onKey}
      />
      {open && (
        <ul id={`${id}-list`} class="choice-list" role="listbox" aria-label={label}>
          {found.map((choice, index) => (
            <li
              key={choice.value}
              id={`${id}-${index}`}
              role="option"
              aria-selected={picked.has(choice.value)}
              class={index === at ? 'suggestion chosen' : 'suggestion'}
              onMouseDown={(event) => {
                event.preventDefault();
                choose(choice);
              }}
            >
              <span>{choice.text}</span>
              {choice.detail && <small>{choice.detail}</small>}
            </li>
          ))}
          {found.length === 0 && <li class="hint">{failure || t('state.nothingFound')}</li>}
        </ul>
      )}
      {error && (
        <small id={`${id}-error`} class="field-error">
          {error}
        </small>
      )}
      {hint && (
        <small id={`${id}-hint`} class="hint">
          {hint}
        </small>
      )}
    </div>
  );
}
