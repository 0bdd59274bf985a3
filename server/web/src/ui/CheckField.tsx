import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface Props {
  label: ComponentChildren;
  checked: boolean;
  onChecked: (checked: boolean) => void;
  hint?: ComponentChildren;
  disabled?: boolean;
}

/** A switch with its label and, below, what it does. */
export function CheckField({ label, checked, onChecked, hint, disabled }: Props) {
  const id = useId();
  return (
    <div class="check-field">
      <label class="check">
        <input type="checkbox" checked={checked} disabled={disabled} aria-describedby={hint ? id : undefined} onChange={(event) => onChecked(event.currentTarget.checked)} />
        <span>{label}</span>
      </label>
      {hint && (
        <small id={id} class="hint">
          {hint}
        </small>
      )}
    </div>
  );
}
