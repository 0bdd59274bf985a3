// The media connection: one RTCPeerConnection, its data channel, and whose turn it is to negotiate.
import { decodeDc, encodeDc, mediaTypeOf, type DcMessage, type MediaMap, type MediaType } from './protocol/data-channel';
import { parseSignal, type Description } from './protocol/description';
import { SignallingLock } from './protocol/lock';

const PING_MS = 1_000;
const ANSWER_MS = 10_000;

export interface PeerEvents {
  /** Sends a description over the WebSocket. */
  sendDescription: (description: Description) => void;
  sendCandidate: (candidate: RTCIceCandidateInit) => void;
  onTrack: (track: MediaStreamTrack, type: MediaType) => void;
  onConnected: () => void;
  onFailed: (reason: string) => void;
}

export class Peer {
  private readonly pc: RTCPeerConnection;
  private readonly dc: RTCDataChannel;
  private readonly lock = new SignallingLock((type) => this.sendDc({ type }));
  private map: MediaMap = {};
  private candidates: RTCIceCandidateInit[] = [];
  private answered: (() => void) | null = null;
  private ping: ReturnType<typeof setInterval> | undefined;
  /** Descriptions are applied strictly one after another. */
  private turn: Promise<void> = Promise.resolve();
  private pingAt = 0;

  constructor(
    iceServers: RTCIceServer[],
    private readonly events: PeerEvents,
    private readonly locking: boolean,
  ) {
    this.pc = new RTCPeerConnection({ iceServers });
    this.dc = this.pc.createDataChannel('calls-dc');
    this.dc.binaryType = 'arraybuffer';
    this.dc.onmessage = (message) => this.receiveDc(message.data);
    this.dc.onopen = () => {
      this.ping = setInterval(() => {
        this.pingAt = performance.now();
        this.sendDc({ type: 'ping' });
      }, PING_MS);
    };
    this.pc.onicecandidate = ({ candidate }) => candidate && this.events.sendCandidate(candidate.toJSON());
    this.pc.ontrack = ({ track, transceiver }) => {
      const type = mediaTypeOf(track.kind, transceiver.mid, track.id, this.map);
      if (type) this.events.onTrack(track, type);
    };
    this.pc.onconnectionstatechange = () => {
      if (this.pc.connectionState === 'connected') this.events.onConnected();
      if (this.pc.connectionState === 'failed') this.events.onFailed('The media connection failed.');
    };
  }

  /** The first offer carries the data channel only; nothing needs the lock yet. */
  start(): Promise<void> {
    return this.offer();
  }

  /** Text of a `signal` event. */
  async receiveSignal(text: string): Promise<void> {
    const signal = parseSignal(text);
    if (!signal) return;
    if (signal.kind === 'description') await this.receiveDescription(signal.description, this.events.sendDescription);
    else await this.addCandidate(signal.candidate);
  }

  /** Adds tracks of one stream and waits until the server has taken them. */
  addTracks(tracks: MediaStreamTrack[], stream: MediaStream): Promise<RTCRtpSender[]> {
    return this.negotiate(() => tracks.map((track) => this.pc.addTrack(track, stream)));
  }

  removeTracks(senders: RTCRtpSender[]): Promise<void> {
    return this.negotiate(() => senders.forEach((sender) => this.pc.removeTrack(sender)));
  }

  close(): void {
    clearInterval(this.ping);
    this.pc.onconnectionstatechange = null;
    this.pc.close();
  }

  private negotiate<T>(change: () => T): Promise<T> {
    const work = async () => {
      const result = change();
      await this.offer();
      return result;
    };
    return this.locking && this.dc.readyState === 'open' ? this.lock.run(work) : work();
  }

  private async offer(): Promise<void> {
    const answer = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('The call service did not answer.')), ANSWER_MS);
      this.answered = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    await this.pc.setLocalDescription(await this.pc.createOffer());
    this.sendLocal(this.events.sendDescription);
    await answer;
  }

  private receiveDescription(description: Description, reply: (description: Description) => void): Promise<void> {
    this.turn = this.turn
      .then(() => this.apply(description, reply))
      .catch((cause: unknown) => this.events.onFailed(cause instanceof Error ? cause.message : 'Negotiation failed.'));
    return this.turn;
  }

  private async apply(description: Description, reply: (description: Description) => void): Promise<void> {
    if (description.type === 'answer') {
      // An answer to an offer that was withdrawn means nothing any more.
      if (this.pc.signalingState !== 'have-local-offer') return;
      await this.pc.setRemoteDescription(description);
      await this.flushCandidates();
      this.answered?.();
      this.answered = null;
      return;
    }
    // We are the polite side: an offer that crosses ours withdraws ours, which is made again afterwards.
    const crossed = this.pc.signalingState === 'have-local-offer';
    await this.pc.setRemoteDescription(description);
    await this.flushCandidates();
    await this.pc.setLocalDescription(await this.pc.createAnswer());
    this.sendLocal(reply);
    if (crossed && this.answered) {
      await this.pc.setLocalDescription(await this.pc.createOffer());
      this.sendLocal(this.events.sendDescription);
    }
  }

  private sendLocal(send: (description: Description) => void): void {
    const local = this.pc.localDescription;
    if (local) send({ type: local.type, sdp: local.sdp });
  }

  private async addCandidate(candidate: RTCIceCandidateInit): Promise<void> {
    if (!this.pc.remoteDescription) this.candidates.push(candidate);
    else await this.pc.addIceCandidate(candidate);
  }

  private async flushCandidates(): Promise<void> {
    for (const candidate of this.candidates.splice(0)) await this.pc.addIceCandidate(candidate);
  }

  private sendDc(message: DcMessage): void {
    if (this.dc.readyState === 'open') this.dc.send(encodeDc(message) as Uint8Array<ArrayBuffer>);
  }

  private receiveDc(data: unknown): void {
    if (!(data instanceof ArrayBuffer)) return;
    const message = decodeDc(new Uint8Array(data));
    switch (message?.type) {
      case 'pong':
        this.sendDc({ type: 'roundTripTime', value: (performance.now() - this.pingAt) / 1000 });
        break;
      case 'ping':
        this.sendDc({ type: 'pong' });
        break;
      case 'lock':
        this.lock.onAnswer(message.acquired === true);
        break;
      case 'mediaMap':
        this.map = { ...this.map, ...message.map };
        break;
      case 'sdp':
        void this.receiveDescription(message.description, (description) => this.sendDc({ type: 'sdp', description }));
        break;
    }
  }
}
