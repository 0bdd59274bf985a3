import type { ComponentChildren } from 'preact';
import { Suspense } from 'preact/compat';
import { useEffect, useRef } from 'preact/hooks';
import { signal } from '@preact/signals';
import { t } from '../locale/locale';
import { Icon } from './Icon';

/** The open dialog, if any; drawn by the page. */
export const dialog = signal<(() => ComponentChildren) | null>(null);

export const closeDialog = () => {
  dialog.value = null;
};

/** A modal window on the browser's own dialog element: it traps the focus and closes on Escape. */
export function Dialog({ title, children, wide = false }: { title: string; children: ComponentChildren; wide?: boolean }) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = ref.current;
    const before = document.activeElement;
    element?.showModal();
    return () => {
      element?.close();
      // The browser gives the focus back only while the element is in the page.
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      class={wide ? 'dialog wide' : 'dialog'}
      aria-label={title}
      onCancel={closeDialog}
      onMouseDown={(event) => event.target === ref.current && closeDialog()}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <h2>{title}</h2>
          <button type="button" class="icon-button" aria-label={t('action.close')} onClick={closeDialog}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

export function DialogHost() {
  // Dialogs that few people open load their code when they do.
  return <Suspense fallback={null}>{dialog.value?.()}</Suspense>;
}

/** Asks before something that cannot be undone. */
export function confirmDialog(title: string, text: string, action: string, run: () => Promise<void> | void): void {
  dialog.value = () => (
    <Dialog title={title}>
      <p>{text}</p>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={closeDialog}>
          {t('action.cancel')}
        </button>
        <button
          type="button"
          class="button danger"
          onClick={() => {
            closeDialog();
            void run();
          }}
        >
          {action}
        </button>
      </div>
    </Dialog>
  );
}
