import { Icon } from '../ui/Icon';
import { isStandard, PRIORITY_NAMES, type Priority } from './priority';

/** "Urgent" or "Important", and whether readers are asked to confirm. */
export function PriorityTag({ value }: { value: Priority }) {
  if (isStandard(value)) return null;
  return (
    <>
      {value.priority && <span class={`tag priority-${value.priority}`}>{PRIORITY_NAMES[value.priority]}</span>}
      {value.requested_ack && (
        <span class="hint priority-note" title="Readers are asked to acknowledge this message">
          <Icon name="check" size={13} /> <span class="sr-only">Acknowledgement requested</span>
        </span>
      )}
      {value.persistent_notifications && (
        <span class="hint priority-note" title="Mentioned people are told again until they answer">
          <Icon name="again" size={13} /> <span class="sr-only">Mentioned people are told again</span>
        </span>
      )}
    </>
  );
}
