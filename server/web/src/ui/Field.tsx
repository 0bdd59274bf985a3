import { useEffect, useId, useRef } from 'preact/hooks';

interface Props {
  label: string;
  value: string;
  onValue: (value: string) => void;
  hint?: string;
  error?: string;
  name?: string;
  type?: 'text' | 'email' | 'password' | 'search' | 'number' | 'url';
  autocomplete?: string;
  required?: boolean;
  autofocus?: boolean;
  minLength?: number;
  maxLength?: number;
  min?: number;
  max?: number;
  disabled?: boolean;
  placeholder?: string;
}

/** A labelled text input. */
export function Field({ label, value, onValue, hint, error, ...rest }: Props) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  // The browser looks at the attribute when the page loads, not for fields that appear later.
  useEffect(() => {
    if (rest.autofocus) input.current?.focus();
  }, []);
  const notes = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(' ') || undefined;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input ref={input} {...(rest as object)} id={id} value={value} aria-describedby={notes} aria-invalid={error ? true : undefined} onInput={(event) => onValue(event.currentTarget.value)} />
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
