// Calls events of the session's main WebSocket.
import type { SocketEvent } from '../api/socket';
import type { Handlers } from '../events';
import { wantUsers } from '../store/users';
import { emojiCharacter } from '../emoji/emoji';
import { say } from '../ui/states';
import { activeCalls, captionLines, channelEnabled, floating, mySession } from './calls';
import { obeyHost, onCallGone, onDropped } from './actions';
import { applyEvent } from './protocol/call-state';
import { PREFIX } from './protocol/frames';

const STATE_EVENTS = [
  'call_start',
  'call_end',
  'call_state',
  'user_joined',
  'user_left',
  'user_muted',
  'user_unmuted',
  'user_voice_on',
  'user_voice_off',
  'user_raise_hand',
  'user_unraise_hand',
  'user_screen_on',
  'user_screen_off',
  'call_host_changed',
  'call_job_state',
];

const CAPTION_LINES = 3;
const CAPTION_MS = 7_000;
const REACTION_MS = 4_000;
let captionCount = 0;

const channelOf = ({ data, broadcast }: SocketEvent) => String(data.channelID ?? data.channel_id ?? broadcast.channel_id ?? '');
const isMine = (event: SocketEvent) => mySession.value?.channelId === channelOf(event);

function changeState(event: SocketEvent): void {
  const name = event.event.slice(PREFIX.length);
  const channelId = channelOf(event);
  const before = activeCalls.value;
  activeCalls.value = applyEvent(before, name, channelId, event.data);
  const userId = event.data.user_id ?? event.data.userID;
  if (typeof userId === 'string') wantUsers([userId]);
  if (name === 'call_state') wantUsers(activeCalls.value[channelId]?.sessions.map((session) => session.userId) ?? []);
  if (name === 'call_job_state') tellJobError(event, before[channelId]?.recording?.err);
  if (name === 'user_left' && mySession.value && event.data.session_id === mySession.value.sessionId) onDropped();
  if (mySession.value && before[mySession.value.channelId] && !activeCalls.value[mySession.value.channelId]) onCallGone();
}

function tellJobError(event: SocketEvent, before: string | undefined): void {
  const job = event.data.jobState as { type?: string; err?: string } | undefined;
  if (job?.err && job.err !== before && mySession.value) say(`The ${job.type ?? 'job'} failed: ${job.err}`, 'error');
}

const handlers: Handlers = Object.fromEntries(STATE_EVENTS.map((name) => [PREFIX + name, changeState]));

handlers[PREFIX + 'caption'] = (event) => {
  if (!isMine(event)) return;
  const { user_id: userId, text } = event.data as { user_id: string; text: string };
  if (!text?.trim()) return;
  wantUsers([userId]);
  captionCount += 1;
  const id = captionCount;
  captionLines.value = [...captionLines.value, { id, userId, text }].slice(-CAPTION_LINES);
  setTimeout(() => {
    captionLines.value = captionLines.value.filter((line) => line.id !== id);
  }, CAPTION_MS);
};

handlers[PREFIX + 'user_reacted'] = (event) => {
  if (!isMine(event)) return;
  const { session_id: session, emoji } = event.data as { session_id: string; emoji?: { name?: string; literal?: string } };
  const character = emoji?.literal || emojiCharacter(emoji?.name ?? '');
  if (!character) return;
  floating.value = { ...floating.value, [session]: character };
  setTimeout(() => {
    const { [session]: _gone, ...rest } = floating.value;
    floating.value = rest;
  }, REACTION_MS);
};

for (const name of ['host_mute', 'host_screen_off', 'host_lower_hand', 'host_removed']) {
  handlers[PREFIX + name] = ({ data }) => {
    if (data.session_id === mySession.value?.sessionId) obeyHost(name);
  };
}

handlers[PREFIX + 'channel_enable_voice'] = (event) => {
  channelEnabled.value = { ...channelEnabled.value, [channelOf(event)]: true };
};
handlers[PREFIX + 'channel_disable_voice'] = (event) => {
  channelEnabled.value = { ...channelEnabled.value, [channelOf(event)]: false };
};

export const callEvents: Handlers = handlers;
