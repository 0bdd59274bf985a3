import { useEffect, useId, useRef } from 'preact/hooks';

interface Props {
  label: string;
  value: string;
  onValue: (value: string) => void;
  hint?: string;
  name?: string;
  type?: 'text' | 'email' | 'password' | 'search';
  autocomplete?: string;
  required?: boolean;
  autofocus?: boolean;
  minLength?: number;
  maxLength?: number;
}

/** A labelled text input. */
export function Field({ label, value, onValue, hint, ...rest }: Props) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  // The browser looks at the attribute when the page loads, not for fields that appear later.
  useEffect(() => {
    if (rest.autofocus) input.current?.focus();
  }, []);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input ref={input} {...(rest as object)} id={id} value={value} aria-describedby={hint ? `${id}-hint` : undefined} onInput={(event) => onValue(event.currentTarget.value)} />
      {hint && (
        <small id={`${id}-hint`} class="hint">
          {hint}
        </small>
      )}
    </div>
  );
}
