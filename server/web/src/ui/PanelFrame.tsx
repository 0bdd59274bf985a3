import type { ComponentChildren } from 'preact';
import { t } from '../locale/locale';
import { closePanel } from '../store/panel';
import { Icon } from './Icon';

/** The right-hand panel's frame: a title, actions, a close button. */
export function PanelFrame({ title, subtitle, actions, children }: { title: string; subtitle?: string; actions?: ComponentChildren; children: ComponentChildren }) {
  return (
    <aside class="panel" aria-label={title}>
      <header class="panel-head">
        <div class="panel-title">
          <h2>{title}</h2>
          {subtitle && <span class="hint">{subtitle}</span>}
        </div>
        {actions}
        <button type="button" class="icon-button" aria-label={t('action.closePanel')} title={t('action.closePanel')} onClick={closePanel}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </aside>
  );
}
