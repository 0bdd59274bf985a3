// The session's WebSocket: one connection, resumed by the library, with its state shown to the user.
import { WebSocketClient } from '@mattermost/client';
import { signal } from '@preact/signals';
import { socketUrl } from './socket-url';

export interface SocketEvent {
  event: string;
  data: Record<string, unknown>;
  broadcast: { channel_id: string; user_id: string; team_id: string; connection_id?: string };
}

export type SocketState = 'idle' | 'connecting' | 'open' | 'lost';

/** What the banner shows. */
export const socketState = signal<SocketState>('idle');

let client: WebSocketClient | null = null;

interface Handlers {
  /** Every event in order. */
  onEvent: (event: SocketEvent) => void;
  /** The server could not resume: whatever happened meanwhile has to be fetched. */
  onMissed: () => void;
  /** Connected, for the first time or again. */
  onOpen: () => void;
  /** The connection went away, or could not be opened again. */
  onLost: () => void;
}

/** Opens the session's connection; a second call is ignored until `closeSocket`. */
export function openSocket({ onEvent, onMissed, onOpen, onLost }: Handlers): void {
  if (client) return;
  client = new WebSocketClient({ minWebSocketRetryTime: 1500, reconnectJitterRange: 500, maxWebSocketRetryTime: 15_000 });
  socketState.value = 'connecting';
  const opened = () => {
    socketState.value = 'open';
    onOpen();
  };
  client.addFirstConnectListener(opened);
  client.addReconnectListener(opened);
  client.addMissedMessageListener(onMissed);
  client.addCloseListener(() => {
    if (!client) return;
    socketState.value = 'lost';
    onLost();
  });
  client.addMessageListener((message) => onEvent(message as unknown as SocketEvent));
  client.initialize(socketUrl(location.href), undefined, true);
}

export function closeSocket(): void {
  const closing = client;
  client = null;
  closing?.close();
  socketState.value = 'idle';
}

export function sendTyping(channelId: string, rootId: string): void {
  if (socketState.value === 'open') client?.userTyping(channelId, rootId);
}

export function sendActive(active: boolean): void {
  if (socketState.value === 'open') client?.userUpdateActiveStatus(active, false);
}
