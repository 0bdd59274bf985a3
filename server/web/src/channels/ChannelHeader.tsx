import type { ServerChannel as Channel } from '@mattermost/types/channels';
import { useEffect, useState } from 'preact/hooks';
import { api } from '../api/client';
import { CallButton } from '../calls/CallButton';
import { t } from '../locale/locale';
import { Markdown } from '../posts/Markdown';
import { navigate } from '../routing/navigate';
import { forgetMembership, partnerId } from '../store/channels';
import { drawerOpen, panel } from '../store/panel';
import { myId } from '../store/session';
import { statuses, users } from '../store/users';
import { setChannelTranslation, translatedChannels, translationAvailable } from '../translation/load';
import { confirmDialog, dialog } from '../ui/Dialog';
import { statusName } from '../ui/Avatar';
import { Icon } from '../ui/Icon';
import { Menu, type MenuItem } from '../ui/Menu';
import { attempt } from '../ui/states';
import { missing } from '../services/services';
import { AddPeople } from './AddPeople';
import { EditHeader } from './EditHeader';
import { memberChange } from './members';
import { ChannelIcon } from './Sidebar';
import { channelTitle } from './title';

export function ChannelHeader({ channel }: { channel: Channel }) {
  const title = channelTitle(channel);
  return (
    <header class="channel-head">
      <button type="button" class="icon-button drawer-button" aria-label={t('app.openChannelList')} onClick={() => (drawerOpen.value = true)}>
        <Icon name="menu" />
      </button>
      <div class="channel-title">
        <h1>
          <ChannelIcon channel={channel} />
          <span>{title}</span>
          {translatedChannels.value[channel.id] && (
            <span class="tag" title={t('channel.translatedHint')}>
              <Icon name="globe" size={13} /> {t('channel.translated')}
            </span>
          )}
        </h1>
        {channel.header ? (
          <div class="channel-line">
            <Markdown text={channel.header} />
          </div>
        ) : (
          <button type="button" class="channel-line link quiet" onClick={() => (dialog.value = () => <EditHeader channel={channel} />)}>
            {channel.type === 'D' ? presenceText(partnerId(channel)) : t('channel.addHeader')}
          </button>
        )}
      </div>
      <div class="channel-actions">
        <CallButton channel={channel} />
        {channel.type !== 'D' && <MemberButton channelId={channel.id} />}
        <ChannelMenu channel={channel} />
      </div>
    </header>
  );
}

const presenceText = (userId: string) => (users.value[userId]?.is_bot ? t('channel.agent') : statusName(statuses.value[userId] ?? 'offline'));

function MemberButton({ channelId }: { channelId: string }) {
  const [count, setCount] = useState(0);
  const changes = memberChange.value;
  useEffect(() => {
    let current = true;
    api.getChannelStats(channelId).then(
      (stats) => current && setCount(stats.member_count),
      () => {
        // Without the number the button still opens the list.
      },
    );
    return () => {
      current = false;
    };
  }, [channelId, changes]);
  const open = panel.value?.kind === 'members';
  return (
    <button type="button" class="button ghost" aria-label={t('channel.members')} title={t('channel.members')} aria-pressed={open} onClick={() => (panel.value = open ? null : { kind: 'members', channelId })}>
      <Icon name="users" /> {count > 0 && <span>{count}</span>}
    </button>
  );
}

function ChannelMenu({ channel }: { channel: Channel }) {
  const room = channel.type === 'O' || channel.type === 'P';
  const translated = translatedChannels.value[channel.id] ?? false;
  const leave = () =>
    confirmDialog(t('channel.leaveAsk', { channel: channel.display_name }), channel.type === 'P' ? t('channel.leavePrivate') : t('channel.leavePublic'), t('channel.leave'), () =>
      void attempt(async () => {
        await api.removeFromChannel(myId.value, channel.id);
        forgetMembership(channel.id);
        navigate('/', 'replace');
      }),
    );
  const archive = () =>
    confirmDialog(t('channel.archiveAsk', { channel: channel.display_name }), t('channel.archiveText'), t('channel.archive'), () => void attempt(() => api.deleteChannel(channel.id)));
  const items: (MenuItem | null)[] = [
    { label: t('channel.edit'), icon: 'edit', run: () => (dialog.value = () => <EditHeader channel={channel} />) },
    room ? { label: t('channel.addPeople'), icon: 'users', run: () => (dialog.value = () => <AddPeople channel={channel} />) } : null,
    { label: t('channel.pinned'), icon: 'pin', run: () => (panel.value = { kind: 'pinned', channelId: channel.id }) },
    translationAvailable.value
      ? {
          label: t('channel.translate'),
          icon: 'globe',
          checked: translated,
          disabled: translated ? '' : missing('llm'),
          run: () => void attempt(() => setChannelTranslation(channel.id, !translated)),
        }
      : null,
    room && channel.name !== 'town-square' ? { label: t('channel.leave'), icon: 'exit', run: leave, danger: true } : null,
    room && channel.name !== 'town-square' ? { label: t('channel.archive'), icon: 'trash', run: archive, danger: true } : null,
  ];
  return (
    <Menu label={t('channel.menu')} align="right" items={items}>
      <Icon name="more" />
    </Menu>
  );
}
