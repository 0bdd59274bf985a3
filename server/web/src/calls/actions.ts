// What a user does in calls.
import { plugin } from '../api/client';
import { socketUrl } from '../api/socket-url';
import { emojiCharacter } from '../emoji/emoji';
import { attempt, say } from '../ui/states';
import { CallClient } from './CallClient';
import {
  callsConfig,
  callsVersion,
  captionLines,
  expanded,
  localScreen,
  myCall,
  mySession,
  patchMySession,
  remoteAudio,
  remoteScreen,
} from './calls';
import { CALLS, refreshCalls } from './load';
import { supportsLocking } from './protocol/version';

let client: CallClient | null = null;

async function iceServers(): Promise<RTCIceServer[]> {
  const servers: RTCIceServer[] = [...(callsConfig.value.ICEServersConfigs ?? [])];
  if (!callsConfig.value.NeedsTURNCredentials) return servers;
  return [...servers, ...(await plugin<RTCIceServer[]>(CALLS, '/turn-credentials'))];
}

/** Joins the call of a channel, starting one if there is none. Leaves the call the user is in first. */
export async function requestJoin(channelId: string, threadId = ''): Promise<void> {
  if (mySession.value?.channelId === channelId) return;
  leaveCall();
  mySession.value = { channelId, sessionId: '', stage: 'joining', muted: true, deviceProblem: '', sharing: false };
  if (!callsVersion.value) await refreshCalls();
  const servers = await iceServers().catch(() => [] as RTCIceServer[]);
  if (mySession.value?.channelId !== channelId) return;
  client = new CallClient(
    {
      socketUrl: socketUrl(location.href),
      channelId,
      threadId,
      iceServers: servers,
      locking: supportsLocking(callsVersion.value ?? {}),
      dcSignaling: callsConfig.value.EnableDCSignaling === true,
    },
    {
      onSession: (sessionId) => patchMySession({ sessionId }),
      onStage: (stage) => patchMySession({ stage }),
      onDeviceProblem: (deviceProblem) => patchMySession({ deviceProblem }),
      onScreenEnded: () => {
        localScreen.value = null;
        patchMySession({ sharing: false });
      },
      onTrack: (track, type) => {
        if (track.kind === 'audio') {
          remoteAudio.value = [...remoteAudio.value.filter((known) => known.readyState === 'live'), track];
          return;
        }
        if (type !== 'screen') return;
        remoteScreen.value = track;
        expanded.value = true;
      },
      onClosed: (reason) => {
        client = null;
        forget();
        if (reason) say(reason, 'error');
      },
    },
  );
}

function forget(): void {
  mySession.value = null;
  remoteAudio.value = [];
  remoteScreen.value = null;
  localScreen.value = null;
  captionLines.value = [];
  expanded.value = false;
}

export function leaveCall(): void {
  client?.leave();
}

/** The call has ended for everybody. */
export function onCallGone(): void {
  leaveCall();
  say('The call has ended.');
}

/** The server has taken this session out of the call. */
export function onDropped(): void {
  leaveCall();
  say('You are no longer in the call.');
}

export async function toggleMute(): Promise<void> {
  const session = mySession.value;
  if (!client || !session) return;
  if (!session.muted) {
    patchMySession({ muted: true });
    await client.mute();
    return;
  }
  await attempt(async () => {
    if (await client?.unmute()) patchMySession({ muted: false });
  });
}

export async function toggleScreen(): Promise<void> {
  const session = mySession.value;
  if (!client || !session) return;
  if (session.sharing) {
    localScreen.value = null;
    patchMySession({ sharing: false });
    await attempt(async () => client?.stopScreen());
    return;
  }
  await attempt(async () => {
    const stream = await client?.shareScreen();
    if (!stream) return;
    localScreen.value = stream;
    expanded.value = true;
    patchMySession({ sharing: true });
  });
}

/** True while one's own hand is up. */
export function myHandIsUp(): boolean {
  const id = mySession.value?.sessionId;
  return (myCall.value?.sessions.find((session) => session.sessionId === id)?.raisedHand ?? 0) > 0;
}

export function toggleHand(): void {
  client?.raiseHand(!myHandIsUp());
}

export function reactInCall(name: string): void {
  client?.react(name, emojiCharacter(name) ?? '');
}

/** Requests of the host are obeyed by the client they are meant for. */
export function obeyHost(request: string): void {
  if (request === 'host_mute' && mySession.value?.muted === false) {
    void toggleMute();
    say('The host muted you.');
  }
  if (request === 'host_screen_off' && mySession.value?.sharing) {
    void toggleScreen();
    say('The host stopped your screen share.');
  }
  if (request === 'host_lower_hand' && myHandIsUp()) toggleHand();
  if (request === 'host_removed') {
    leaveCall();
    say('The host removed you from the call.');
  }
}

const hostPost = (path: string, body?: unknown) => attempt(() => plugin(CALLS, `/calls/${mySession.value?.channelId}${path}`, 'post', body ?? {}));

export const startRecording = () => hostPost('/recording/start');
export const stopRecording = () => hostPost('/recording/stop');
export const muteOther = (sessionId: string) => hostPost('/host/mute', { session_id: sessionId });
export const removeOther = (sessionId: string) => hostPost('/host/remove', { session_id: sessionId });
export const makeHost = (userId: string) => hostPost('/host/make', { new_host_id: userId });
export const endForAll = () => hostPost('/host/end');
