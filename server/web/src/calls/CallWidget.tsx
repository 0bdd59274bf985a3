// The call the user is in: a card beside the sidebar, or a stage over the channel.
import { useEffect, useState } from 'preact/hooks';
import { pathOf } from '../channels/path';
import { channelTitle } from '../channels/title';
import { navigate } from '../routing/navigate';
import { channels } from '../store/channels';
import { Icon } from '../ui/Icon';
import { ErrorNote } from '../ui/states';
import { duration } from '../ui/time';
import { Captions } from './Captions';
import { Controls } from './Controls';
import { expanded, myCall, mySession } from './calls';
import { Participants } from './Participants';
import { isActive, isStarting } from './protocol/call-state';
import { ScreenVideo } from './ScreenVideo';

const STAGES = { joining: 'Joining…', connecting: 'Connecting…', reconnecting: 'Reconnecting…' } as const;

export function CallWidget() {
  const session = mySession.value;
  if (!session) return null;
  const channel = channels.value[session.channelId];
  const large = expanded.value;
  return (
    <section class={large ? 'call stage' : 'call'} aria-label="Call">
      <header class="call-head">
        <div class="call-title">
          <button type="button" class="link" onClick={() => channel && navigate(pathOf(channel))} title="Go to the channel">
            {channel ? channelTitle(channel) : 'Call'}
          </button>
          <Status />
        </div>
        <Recording />
        <button type="button" class="icon-button" aria-label={large ? 'Make the call small' : 'Make the call large'} title={large ? 'Make the call small' : 'Make the call large'} onClick={() => (expanded.value = !large)}>
          <Icon name={large ? 'down' : 'expand'} size={16} />
        </button>
      </header>
      {session.deviceProblem && <ErrorNote text={`${session.deviceProblem} You can listen.`} />}
      <ScreenVideo />
      <Participants large={large} />
      <Captions />
      <Controls />
    </section>
  );
}

function Status() {
  const session = mySession.value;
  const start = myCall.value?.startAt ?? 0;
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  if (!session) return null;
  if (session.stage !== 'connected') {
    return (
      <span class="hint" role="status">
        {STAGES[session.stage]}
      </span>
    );
  }
  return <span class="hint">{start ? duration(now - start) : 'Connected'}</span>;
}

function Recording() {
  const job = myCall.value?.recording;
  if (isStarting(job)) return <span class="rec starting">Starting…</span>;
  if (!isActive(job)) return null;
  return (
    <span class="rec" role="status" aria-label="Recording">
      <span class="rec-dot" /> REC
    </span>
  );
}
