// Calls everywhere, the one this client is in, and what the interface shows of it.
import { computed, signal } from '@preact/signals';
import { myId } from '../store/session';
import type { Call, Calls } from './protocol/call-state';

export const activeCalls = signal<Calls>({});

export interface CallsConfig {
  AllowScreenSharing?: boolean;
  EnableRecordings?: boolean;
  EnableTranscriptions?: boolean;
  EnableLiveCaptions?: boolean;
  HostControlsAllowed?: boolean;
  NeedsTURNCredentials?: boolean;
  EnableDCSignaling?: boolean;
  DefaultEnabled?: boolean;
  ICEServersConfigs?: { urls: string[]; username?: string; credential?: string }[] | null;
}

export const callsConfig = signal<CallsConfig>({});
/** Version answer of the calls plugin; null where the server has no calls. */
export const callsVersion = signal<{ version?: string; rtcd_version?: string } | null>(null);
/** Channels that have been told explicitly whether they allow calls. */
export const channelEnabled = signal<Record<string, boolean>>({});

export type Stage = 'joining' | 'connecting' | 'connected' | 'reconnecting';

export interface MySession {
  channelId: string;
  sessionId: string;
  stage: Stage;
  muted: boolean;
  /** Why there is no microphone; empty when there is one. */
  deviceProblem: string;
  sharing: boolean;
}

export const mySession = signal<MySession | null>(null);
export const expanded = signal(false);
export const captionsOn = signal(true);

export interface CaptionLine {
  id: number;
  userId: string;
  text: string;
}

export const captionLines = signal<CaptionLine[]>([]);
/** Reactions float for a moment, by session id. */
export const floating = signal<Record<string, string>>({});

/** Remote sound; each track gets a player. */
export const remoteAudio = signal<MediaStreamTrack[]>([]);
export const remoteScreen = signal<MediaStreamTrack | null>(null);
export const localScreen = signal<MediaStream | null>(null);

export const myCall = computed<Call | null>(() => {
  const session = mySession.value;
  return session ? (activeCalls.value[session.channelId] ?? null) : null;
});

export const iAmHost = computed(() => myCall.value !== null && myCall.value.hostId === myId.value);

export function patchMySession(change: Partial<MySession>): void {
  if (mySession.value) mySession.value = { ...mySession.value, ...change };
}
