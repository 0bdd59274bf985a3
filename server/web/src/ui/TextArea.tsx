import { useId } from 'preact/hooks';

interface Props {
  label: string;
  value: string;
  onValue: (value: string) => void;
  hint?: string;
  required?: boolean;
  rows?: number;
}

/** A labelled field of several lines. */
export function TextArea({ label, value, onValue, hint, required, rows = 3 }: Props) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea id={id} rows={rows} required={required} value={value} aria-describedby={hint ? `${id}-hint` : undefined} onInput={(event) => onValue(event.currentTarget.value)} />
      {hint && (
        <small id={`${id}-hint`} class="hint">
          {hint}
        </small>
      )}
    </div>
  );
}
