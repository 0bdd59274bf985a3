import { config } from '../store/session';
import { Icon } from '../ui/Icon';
import { Menu } from '../ui/Menu';
import { isStandard, withPriority, type Priority } from './priority';

/** Chooses how pressing the message being written is. Nothing where the site has no priorities. */
export function PriorityMenu({ value, onChange }: { value: Priority; onChange: (value: Priority) => void }) {
  if (config.value.PostPriority !== 'true') return null;
  const level = (priority: Priority['priority'], label: string) => ({ label, checked: value.priority === priority, run: () => onChange(withPriority(value, priority)) });
  return (
    <Menu
      label="Message priority"
      up
      class={isStandard(value) ? 'icon-button' : 'icon-button on'}
      items={[
        level('', 'Standard'),
        level('important', 'Important'),
        level('urgent', 'Urgent'),
        config.value.PostAcknowledgements === 'true'
          ? { label: 'Ask readers to acknowledge', checked: value.requested_ack, run: () => onChange({ ...value, requested_ack: !value.requested_ack }) }
          : null,
        config.value.AllowPersistentNotifications === 'true' && value.priority === 'urgent'
          ? { label: 'Tell mentioned people again', checked: value.persistent_notifications, run: () => onChange({ ...value, persistent_notifications: !value.persistent_notifications }) }
          : null,
      ]}
    >
      <Icon name="flag" />
    </Menu>
  );
}
