// Loading, empty and error states, and the toast for actions that failed.
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { errorText } from '../api/client';
import { t } from '../locale/locale';
import { Icon } from './Icon';

export function Spinner({ label = t('state.loading') }: { label?: string }) {
  return (
    <div class="spinner-box" role="status" aria-label={label}>
      <span class="spinner" />
    </div>
  );
}

export function ErrorNote({ text, retry }: { text: string; retry?: () => void }) {
  return (
    <div class="error-note" role="alert">
      <Icon name="warning" />
      <span>{text}</span>
      {retry && (
        <button type="button" class="button small" onClick={retry}>
          {t('action.retry')}
        </button>
      )}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <h3>{title}</h3>
      {children && <p>{children}</p>}
    </div>
  );
}

interface Toast {
  text: string;
  kind: 'info' | 'error';
  /** A way back. */
  action?: ToastAction;
}

export interface ToastAction {
  label: string;
  run: () => void;
}

export const toast = signal<Toast | null>(null);
let timer: ReturnType<typeof setTimeout> | undefined;

export function say(text: string, kind: Toast['kind'] = 'info', action?: ToastAction): void {
  toast.value = { text, kind, action };
  clearTimeout(timer);
  timer = setTimeout(() => {
    toast.value = null;
  }, kind === 'error' || action ? 8_000 : 3_500);
}

/** Runs an action and tells the user when it fails. */
export async function attempt(action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (cause) {
    say(errorText(cause), 'error');
    return false;
  }
}

export function ToastHost() {
  const shown = toast.value;
  return (
    <div class="toast-host" aria-live="polite">
      {shown && (
        <div class={`toast toast-${shown.kind}`}>
          <span>{shown.text}</span>
          {shown.action && (
            <button
              type="button"
              class="toast-action"
              onClick={() => {
                toast.value = null;
                shown.action?.run();
              }}
            >
              {shown.action.label}
            </button>
          )}
          <button type="button" class="icon-button" aria-label={t('action.dismiss')} onClick={() => (toast.value = null)}>
            <Icon name="close" size={14} />
          </button>
        </div>
      )}
    </div>
  );
}
