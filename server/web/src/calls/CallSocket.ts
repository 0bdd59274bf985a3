// The call's own WebSocket. Its first connection id is the session id; a lost connection is taken up again.
import { binaryFrame, PREFIX, textFrame, type ClientAction } from './protocol/frames';

const PING_MS = 5_000;
const FIRST_RETRY_MS = 1_000;
const RETRY_STEP_MS = 500;
const GIVE_UP_MS = 30_000;

export interface CallSocketEvents {
  /** The server has given the connection its id; called once. */
  onReady: (sessionId: string) => void;
  /** An event of the calls plugin, without its prefix. */
  onEvent: (name: string, data: Record<string, unknown>) => void;
  onReconnecting: (reconnecting: boolean) => void;
  /** Given up, or refused. */
  onFailed: (reason: string) => void;
}

interface Frame {
  event?: string;
  data?: Record<string, unknown>;
  seq?: number;
  seq_reply?: number;
}

export class CallSocket {
  /** Id of the first connection: the session's id for the whole call. */
  sessionId = '';
  private connectionId = '';
  private nextServerSeq = 0;
  private seq = 0;
  private socket: WebSocket | null = null;
  private ping: ReturnType<typeof setInterval> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private pingSeq = 0;
  private lostAt = 0;
  private delay = FIRST_RETRY_MS;
  private closed = false;

  constructor(
    private readonly url: string,
    private readonly channelId: string,
    private readonly events: CallSocketEvents,
    private readonly open: (url: string) => WebSocket = (url) => new WebSocket(url),
  ) {
    this.connect();
  }

  /** Sends a plugin action; bytes in `data` need `binary`. Dropped while the connection is away. */
  send(action: ClientAction, data?: unknown, binary = false): void {
    this.write(PREFIX + action, data, binary);
  }

  close(): void {
    this.closed = true;
    clearInterval(this.ping);
    clearTimeout(this.retry);
    this.socket?.close(1000);
    this.socket = null;
  }

  private write(action: string, data?: unknown, binary = false): void {
    if (this.socket?.readyState !== 1) return;
    this.seq += 1;
    // A view over the encoder's buffer is what WebSocket.send takes; the cast narrows its buffer type only.
    this.socket.send(binary ? (binaryFrame(action, this.seq, data) as Uint8Array<ArrayBuffer>) : textFrame(action, this.seq, data));
  }

  private connect(): void {
    const url = `${this.url}?connection_id=${this.connectionId}&sequence_number=${this.nextServerSeq}`;
    const socket = this.open(url);
    this.socket = socket;
    socket.onopen = () => {
      this.seq = 0;
      this.pingSeq = 0;
      if (this.sessionId) {
        this.send('reconnect', { channelID: this.channelId, originalConnID: this.sessionId, prevConnID: this.connectionId });
        this.lostAt = 0;
        this.delay = FIRST_RETRY_MS;
        this.events.onReconnecting(false);
      }
      this.sendPing();
      clearInterval(this.ping);
      this.ping = setInterval(() => {
        if (this.pingSeq !== 0) this.drop();
        else this.sendPing();
      }, PING_MS);
    };
    socket.onmessage = (message) => this.receive(String(message.data));
    socket.onclose = () => {
      if (this.socket === socket) this.lost();
    };
  }

  private sendPing(): void {
    this.write('ping');
    this.pingSeq = this.seq;
  }

  /** The connection is dead although nobody has said so. */
  private drop(): void {
    const dead = this.socket;
    this.socket = null;
    dead?.close();
    this.lost();
  }

  private lost(): void {
    clearInterval(this.ping);
    if (this.closed) return;
    if (!this.lostAt) this.lostAt = Date.now();
    if (Date.now() - this.lostAt > GIVE_UP_MS) {
      this.closed = true;
      this.events.onFailed('The connection to the server was lost.');
      return;
    }
    if (this.sessionId) this.events.onReconnecting(true);
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.connect(), this.delay);
    this.delay += RETRY_STEP_MS;
  }

  private receive(text: string): void {
    let frame: Frame;
    try {
      frame = JSON.parse(text) as Frame;
    } catch {
      return;
    }
    if (frame.seq_reply) {
      if (frame.seq_reply === this.pingSeq) this.pingSeq = 0;
      return;
    }
    if (typeof frame.seq === 'number') this.nextServerSeq = frame.seq + 1;
    if (frame.event === 'hello') this.hello(String(frame.data?.connection_id ?? ''));
    else if (frame.event?.startsWith(PREFIX)) this.events.onEvent(frame.event.slice(PREFIX.length), frame.data ?? {});
  }

  private hello(connectionId: string): void {
    this.connectionId = connectionId;
    if (this.sessionId) return;
    this.sessionId = connectionId;
    this.lostAt = 0;
    this.events.onReady(connectionId);
  }
}
