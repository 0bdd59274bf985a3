import { useEffect, useState } from 'preact/hooks';
import { errorText } from '../api/client';
import { requestJoin } from '../calls/actions';
import { t } from '../locale/locale';
import { loadLatest } from '../posts/load';
import { Composer } from '../posts/Composer';
import { PostList } from '../posts/PostList';
import { navigate, route } from '../routing/navigate';
import { currentChannel, memberships } from '../store/channels';
import { closePanel, panel } from '../store/panel';
import { timelines } from '../store/posts';
import { currentTeam } from '../store/teams';
import { wantUsers } from '../store/users';
import { partnerId } from '../store/channels';
import { ErrorNote, Spinner } from '../ui/states';
import { ChannelHeader } from './ChannelHeader';
import { loadChannelTranslation } from '../translation/load';
import { openByName, openByUsername, viewCurrent } from './load';
import { pathOf } from './path';
import { channelTitle } from './title';

/** The channel that the address names; joins or creates it when it is not known yet. */
export function ChannelView() {
  const channel = currentChannel.value;
  if (!channel || !memberships.value[channel.id]) return <FindChannel key={location.pathname} />;
  return <OpenChannel key={channel.id} channelId={channel.id} />;
}

function OpenChannel({ channelId }: { channelId: string }) {
  const channel = currentChannel.value;
  useEffect(() => {
    if (!timelines.value[channelId] || timelines.value[channelId].state === 'failed') void loadLatest(channelId);
    void loadChannelTranslation(channelId);
    if (channel?.type === 'D') wantUsers([partnerId(channel)]);
    const open = panel.value;
    if (open && (open.kind === 'members' || open.kind === 'pinned') && open.channelId !== channelId) closePanel();
    const here = route.value;
    if (channel && here.kind === 'channel' && here.joinCall) {
      navigate(pathOf(channel), 'replace');
      void requestJoin(channelId);
    }
  }, [channelId]);
  // Reading is told after the list has been drawn, so that the "New" line keeps its place.
  useEffect(() => {
    const timer = setTimeout(viewCurrent, 300);
    return () => clearTimeout(timer);
  }, [channelId]);
  if (!channel) return null;
  return (
    <>
      <ChannelHeader channel={channel} />
      <PostList channel={channel} />
      <Composer channelId={channelId} rootId="" label={t('composer.message')} placeholder={t('channel.message', { channel: channelTitle(channel) })} />
    </>
  );
}

/** Looks the channel of the address up on the server. */
function FindChannel() {
  const [error, setError] = useState('');
  const here = route.value;
  const team = currentTeam.value;
  const find = () => {
    setError('');
    const run = async () => {
      if (here.kind === 'messages' && here.target.startsWith('@')) return openByUsername(here.target.slice(1));
      if (here.kind === 'channel' && team) return openByName(team.id, here.channel);
      throw new Error(t('channel.notFound'));
    };
    run().catch((cause) => setError(errorText(cause)));
  };
  useEffect(find, [team?.id]);
  return error ? (
    <div class="center-note">
      <ErrorNote text={error} retry={find} />
    </div>
  ) : (
    <Spinner />
  );
}
