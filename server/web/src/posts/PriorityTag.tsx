import { t } from '../locale/locale';
import { Icon } from '../ui/Icon';
import { isStandard, type Priority } from './priority';

/** "Urgent" or "Important", and whether readers are asked to confirm. */
export function PriorityTag({ value }: { value: Priority }) {
  if (isStandard(value)) return null;
  return (
    <>
      {value.priority && <span class={`tag priority-${value.priority}`}>{t(`priority.${value.priority}`)}</span>}
      {value.requested_ack && (
        <span class="hint priority-note" title={t('priority.askedHint')}>
          <Icon name="check" size={13} /> <span class="sr-only">{t('priority.asked')}</span>
        </span>
      )}
      {value.persistent_notifications && (
        <span class="hint priority-note" title={t('priority.againHint')}>
          <Icon name="again" size={13} /> <span class="sr-only">{t('priority.againHint')}</span>
        </span>
      )}
    </>
  );
}
