import type { ServerChannel as Channel } from '@mattermost/types/channels';
import type { ComponentChildren } from 'preact';
import { activeCalls } from '../calls/calls';
import { agents } from '../agents/load';
import { t } from '../locale/locale';
import { followLink, navigate, route } from '../routing/navigate';
import { messagesPath } from '../routing/route';
import { channels, currentChannel, memberships, partnerId } from '../store/channels';
import { drawerOpen } from '../store/panel';
import { badge, unreadOf } from '../store/unread';
import { currentTeam } from '../store/teams';
import { users, wantUsers } from '../store/users';
import { dialog } from '../ui/Dialog';
import { Avatar } from '../ui/Avatar';
import { Icon } from '../ui/Icon';
import { Menu } from '../ui/Menu';
import { TeamMenu } from '../teams/TeamMenu';
import { BrowseChannels } from './BrowseChannels';
import { CreateChannel } from './CreateChannel';
import { NewMessage } from './NewMessage';
import { SelfMenu } from '../users/SelfMenu';
import { SearchBox } from '../search/SearchBox';
import { channelTitle } from './title';
import { pathOf } from './path';

const byTitle = (a: Channel, b: Channel) => channelTitle(a).localeCompare(channelTitle(b));

export function Sidebar() {
  const team = currentTeam.value;
  if (!team) return null;
  const mine = Object.values(channels.value).filter((channel) => memberships.value[channel.id] && !channel.delete_at);
  const rooms = mine.filter((channel) => channel.team_id === team.id).sort(byTitle);
  const botIds = new Set(agents.value.map((agent) => agent.id));
  // Direct channels nobody has written in are hidden, unless one is open.
  const direct = mine
    .filter((channel) => channel.team_id === '' && !botIds.has(partnerId(channel)))
    .filter((channel) => channel.last_post_at > 0 || channel.id === currentChannel.value?.id)
    .sort((a, b) => b.last_post_at - a.last_post_at);
  return (
    <nav class="sidebar" aria-label={t('sidebar.label')} onClick={onClick}>
      <header class="sidebar-head">
        <TeamMenu />
      </header>
      <SearchBox />
      <div class="sidebar-scroll">
        <a class={route.value.kind === 'threads' ? 'side-item active' : 'side-item'} href={`/${team.name}/threads`}>
          <span class="side-icon">
            <Icon name="threads" size={16} />
          </span>
          <span class="side-name">{t('sidebar.threads')}</span>
        </a>
        <Section
          title={t('sidebar.channels')}
          action={
            <Menu
              label={t('sidebar.addChannels')}
              align="right"
              items={[
                { label: t('channel.create'), icon: 'plus', run: () => (dialog.value = () => <CreateChannel team={team} />) },
                { label: t('channel.browse'), icon: 'search', run: () => (dialog.value = () => <BrowseChannels team={team} />) },
              ]}
            >
              <Icon name="plus" size={16} />
            </Menu>
          }
        >
          {rooms.map((channel) => (
            <ChannelLink key={channel.id} channel={channel} />
          ))}
        </Section>
        <Section
          title={t('sidebar.direct')}
          action={
            <button type="button" class="icon-button" aria-label={t('sidebar.newDirect')} title={t('sidebar.newDirect')} onClick={() => (dialog.value = () => <NewMessage />)}>
              <Icon name="plus" size={16} />
            </button>
          }
        >
          {direct.map((channel) => (
            <ChannelLink key={channel.id} channel={channel} />
          ))}
          {direct.length === 0 && <p class="side-empty">{t('sidebar.nobody')}</p>}
        </Section>
        {agents.value.length > 0 && (
          <Section title={t('sidebar.agents')}>
            {agents.value.map((agent) => (
              <AgentLink key={agent.id} id={agent.id} username={agent.username} name={agent.displayName} />
            ))}
          </Section>
        )}
      </div>
      <SelfMenu />
    </nav>
  );
}

function onClick(event: MouseEvent): void {
  if ((event.target as Element).closest('a')) drawerOpen.value = false;
  followLink(event);
}

function Section({ title, action, children }: { title: string; action?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="side-section" aria-label={title}>
      <div class="side-title">
        <h2>{title}</h2>
        {action}
      </div>
      {children}
    </section>
  );
}

function ChannelLink({ channel }: { channel: Channel }) {
  const unread = unreadOf(channel, memberships.value[channel.id]);
  const active = currentChannel.value?.id === channel.id;
  const bold = !active && !unread.muted && unread.messages > 0;
  const title = channelTitle(channel);
  const label = unread.mentions > 0 && !active ? t('sidebar.mentions', { title, count: unread.mentions }) : bold ? t('sidebar.unread', { title }) : title;
  return (
    <a class={`side-item${active ? ' active' : ''}${bold ? ' unread' : ''}${unread.muted ? ' muted' : ''}`} href={pathOf(channel)} aria-current={active ? 'page' : undefined} aria-label={label}>
      <ChannelIcon channel={channel} />
      <span class="side-name">{title}</span>
      {activeCalls.value[channel.id] && (
        <span class="side-call" title={t('sidebar.call')}>
          <Icon name="phone" size={14} />
        </span>
      )}
      {!active && unread.mentions > 0 && <span class="badge">{badge(unread.mentions)}</span>}
    </a>
  );
}

export function ChannelIcon({ channel }: { channel: Channel }) {
  if (channel.type === 'D') {
    const id = partnerId(channel);
    wantUsers([id]);
    return (
      <span class="side-icon">
        <Avatar userId={id} size={20} presence />
      </span>
    );
  }
  return (
    <span class="side-icon">
      <Icon name={channel.type === 'P' ? 'lock' : channel.type === 'G' ? 'users' : 'hash'} size={16} />
    </span>
  );
}

/** An agent is talked to in a direct channel, which exists after the first click. */
function AgentLink({ id, username, name }: { id: string; username: string; name: string }) {
  const channel = Object.values(channels.value).find((known) => known.type === 'D' && partnerId(known) === id && memberships.value[known.id]);
  if (channel && users.value[id]) return <ChannelLink channel={channel} />;
  const path = messagesPath(currentTeam.value?.name ?? '', `@${username}`);
  return (
    <a class="side-item" href={path} onClick={() => navigate(path)}>
      <span class="side-icon">
        <Avatar userId={id} size={20} />
      </span>
      <span class="side-name">{name}</span>
    </a>
  );
}
