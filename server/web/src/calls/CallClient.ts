// One participation in one call: its socket, its media connection and its tracks.
import { CallSocket } from './CallSocket';
import { openMicrophone, openScreen } from './media';
import { Peer } from './Peer';
import type { MediaType } from './protocol/data-channel';
import { packDescription } from './protocol/description';

const CONNECT_MS = 15_000;

export interface CallClientEvents {
  onSession: (sessionId: string) => void;
  onStage: (stage: 'connecting' | 'connected' | 'reconnecting') => void;
  onTrack: (track: MediaStreamTrack, type: MediaType) => void;
  onDeviceProblem: (problem: string) => void;
  onScreenEnded: () => void;
  /** The call is over for this client; `reason` is empty when it left by itself. */
  onClosed: (reason: string) => void;
}

interface Options {
  socketUrl: string;
  channelId: string;
  threadId: string;
  iceServers: RTCIceServer[];
  locking: boolean;
  dcSignaling: boolean;
}

export class CallClient {
  private readonly socket: CallSocket;
  private peer: Peer | null = null;
  private microphone: { track: MediaStreamTrack; stream: MediaStream } | null = null;
  private voice: RTCRtpSender | null = null;
  private screen: { stream: MediaStream; senders: RTCRtpSender[] } | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  constructor(
    private readonly options: Options,
    private readonly events: CallClientEvents,
  ) {
    this.timer = setTimeout(() => this.fail('The call could not be joined in time.'), CONNECT_MS);
    this.socket = new CallSocket(options.socketUrl, options.channelId, {
      onReady: (sessionId) => {
        events.onSession(sessionId);
        this.socket.send('join', {
          channelID: options.channelId,
          title: '',
          threadID: options.threadId,
          av1Support: false,
          dcSignaling: options.dcSignaling,
        });
      },
      onEvent: (name, data) => this.onEvent(name, data),
      onReconnecting: (away) => events.onStage(away ? 'reconnecting' : 'connected'),
      onFailed: (reason) => this.fail(reason),
    });
    void this.prepareMicrophone();
  }

  /** Takes the microphone early, so that the permission question comes when the user joins. */
  private async prepareMicrophone(): Promise<boolean> {
    const opened = await openMicrophone();
    if (this.closed) {
      if ('stream' in opened) opened.stream.getTracks().forEach((track) => track.stop());
      return false;
    }
    if ('problem' in opened) {
      this.events.onDeviceProblem(opened.problem);
      return false;
    }
    this.microphone = opened;
    opened.track.enabled = false;
    this.events.onDeviceProblem('');
    return true;
  }

  private onEvent(name: string, data: Record<string, unknown>): void {
    if (data.connID !== this.socket.sessionId) return;
    if (name === 'join') this.connect();
    else if (name === 'signal') void this.peer?.receiveSignal(String(data.data)).catch(() => {
      // A candidate of an interface that is gone; the others go on.
    });
    else if (name === 'error') this.fail(String(data.data ?? 'The call refused you.'));
  }

  private connect(): void {
    if (this.peer) return;
    this.events.onStage('connecting');
    this.peer = new Peer(
      this.options.iceServers,
      {
        sendDescription: (description) => this.socket.send('sdp', { data: packDescription(description) }, true),
        sendCandidate: (candidate) => this.socket.send('ice', { data: JSON.stringify(candidate) }),
        onTrack: (track, type) => this.events.onTrack(track, type),
        onConnected: () => {
          clearTimeout(this.timer);
          this.events.onStage('connected');
        },
        onFailed: (reason) => this.fail(reason),
      },
      this.options.locking,
    );
    this.peer.start().catch((cause: unknown) => this.fail(cause instanceof Error ? cause.message : 'The call could not be joined.'));
  }

  /** Lets the others hear; false when there is no microphone. */
  async unmute(): Promise<boolean> {
    if (!this.peer) return false;
    if (!this.microphone && !(await this.prepareMicrophone())) return false;
    const microphone = this.microphone;
    if (!microphone) return false;
    microphone.track.enabled = true;
    if (this.voice) await this.voice.replaceTrack(microphone.track);
    else [this.voice] = await this.peer.addTracks([microphone.track], microphone.stream);
    this.socket.send('unmute');
    return true;
  }

  async mute(): Promise<void> {
    if (this.microphone) this.microphone.track.enabled = false;
    await this.voice?.replaceTrack(null);
    this.socket.send('mute');
  }

  /** Asks for a screen and shows it; null when the user picks none. */
  async shareScreen(): Promise<MediaStream | null> {
    if (!this.peer || this.screen) return null;
    const stream = await openScreen();
    if (!stream) return null;
    this.socket.send('screen_on', { data: JSON.stringify({ screenStreamID: stream.id }) });
    try {
      this.screen = { stream, senders: await this.peer.addTracks(stream.getTracks(), stream) };
    } catch (cause) {
      stream.getTracks().forEach((track) => track.stop());
      this.socket.send('screen_off');
      throw cause;
    }
    stream.getVideoTracks()[0].onended = () => {
      void this.stopScreen();
      this.events.onScreenEnded();
    };
    return stream;
  }

  async stopScreen(): Promise<void> {
    const screen = this.screen;
    if (!screen) return;
    this.screen = null;
    screen.stream.getTracks().forEach((track) => track.stop());
    this.socket.send('screen_off');
    await this.peer?.removeTracks(screen.senders);
  }

  raiseHand(up: boolean): void {
    this.socket.send(up ? 'raise_hand' : 'unraise_hand');
  }

  react(name: string, literal: string): void {
    const unified = [...literal].map((character) => (character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')).join('-');
    this.socket.send('react', { data: JSON.stringify({ name, unified, literal }) });
  }

  leave(): void {
    this.close('', true);
  }

  private fail(reason: string): void {
    this.close(reason, true);
  }

  private close(reason: string, tell: boolean): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.timer);
    if (tell) this.socket.send('leave');
    this.peer?.close();
    this.microphone?.stream.getTracks().forEach((track) => track.stop());
    this.screen?.stream.getTracks().forEach((track) => track.stop());
    this.socket.close();
    this.events.onClosed(reason);
  }
}
