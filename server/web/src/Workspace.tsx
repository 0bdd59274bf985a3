// The signed-in page: sidebar, channel, right-hand panel, call widget.
import { useEffect } from 'preact/hooks';
import { sendActive, socketState } from './api/socket';
import { CallWidget } from './calls/CallWidget';
import { refreshCalls } from './calls/load';
import { CallAudio } from './calls/CallAudio';
import { ChannelView } from './channels/ChannelView';
import { viewCurrent } from './channels/load';
import { Sidebar } from './channels/Sidebar';
import { loadAgents } from './agents/load';
import { t } from './locale/locale';
import { loadTranslation } from './translation/load';
import { loadGroups } from './groups/groups';
import { RightPanel } from './RightPanel';
import { navigate, route } from './routing/navigate';
import { watchServices } from './services/services';
import { currentTeam } from './store/teams';
import { channels, channelsLoaded, memberships } from './store/channels';
import { drawerOpen, panel } from './store/panel';
import { refreshStatuses } from './store/users';
import { Permalink } from './posts/Permalink';
import { ThreadsInbox } from './threads/ThreadsInbox';
import { channelPath } from './routing/route';
import { Spinner } from './ui/states';

const STATUS_POLL_MS = 20_000;

export function Workspace() {
  useEffect(() => {
    const stop = watchServices();
    void refreshCalls();
    void loadAgents();
    void loadTranslation();
    void loadGroups();
    const timer = setInterval(() => void refreshStatuses().catch(() => {
      // The connection banner tells; the next poll tries again.
    }), STATUS_POLL_MS);
    const onFocus = () => {
      viewCurrent();
      sendActive(true);
    };
    addEventListener('focus', onFocus);
    document.addEventListener('visibilitychange', onFocus);
    return () => {
      stop();
      clearInterval(timer);
      removeEventListener('focus', onFocus);
      document.removeEventListener('visibilitychange', onFocus);
    };
  }, []);
  return (
    <div class={`workspace${panel.value ? ' with-panel' : ''}${drawerOpen.value ? ' drawer-open' : ''}`}>
      <ConnectionBanner />
      <Sidebar />
      {drawerOpen.value && <button type="button" class="drawer-shade" aria-label={t('app.closeChannelList')} onClick={() => (drawerOpen.value = false)} />}
      <main class="center">
        <Center />
      </main>
      {panel.value && <RightPanel />}
      <CallWidget />
      <CallAudio />
    </div>
  );
}

function Center() {
  const here = route.value;
  if (!channelsLoaded.value) return <Spinner />;
  switch (here.kind) {
    case 'channel':
    case 'messages':
      return <ChannelView />;
    case 'permalink':
      return <Permalink postId={here.postId} />;
    case 'threads':
      return <ThreadsInbox />;
    default:
      return <DefaultChannel />;
  }
}

/** A team without a channel in the address opens its main channel. */
function DefaultChannel() {
  const team = currentTeam.value;
  const mine = Object.values(channels.value).filter((channel) => channel.team_id === team?.id && memberships.value[channel.id] && !channel.delete_at);
  const target = mine.find((channel) => channel.name === 'town-square') ?? mine[0];
  const path = team ? channelPath(team.name, target?.name ?? 'town-square') : '/';
  useEffect(() => {
    if (route.value.kind === 'team') navigate(path, 'replace');
  }, [path]);
  return <Spinner />;
}

function ConnectionBanner() {
  if (socketState.value !== 'lost') return null;
  return (
    <div class="banner" role="status">
      {t('app.connectionLost')}
    </div>
  );
}
