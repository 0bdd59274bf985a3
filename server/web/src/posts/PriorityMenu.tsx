import { t } from '../locale/locale';
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
      label={t('priority.label')}
      up
      class={isStandard(value) ? 'icon-button' : 'icon-button on'}
      items={[
        level('', t('priority.standard')),
        level('important', t('priority.important')),
        level('urgent', t('priority.urgent')),
        config.value.PostAcknowledgements === 'true'
          ? { label: t('priority.ask'), checked: value.requested_ack, run: () => onChange({ ...value, requested_ack: !value.requested_ack }) }
          : null,
        config.value.AllowPersistentNotifications === 'true' && value.priority === 'urgent'
          ? { label: t('priority.again'), checked: value.persistent_notifications, run: () => onChange({ ...value, persistent_notifications: !value.persistent_notifications }) }
          : null,
      ]}
    >
      <Icon name="flag" />
    </Menu>
  );
}
