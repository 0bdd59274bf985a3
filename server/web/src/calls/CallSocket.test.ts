import { decode } from '@msgpack/msgpack';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CallSocket } from './CallSocket';

class FakeSocket {
  readyState = 0;
  sent: (string | Uint8Array)[] = [];
  onopen?: () => void;
  onclose?: () => void;
  onmessage?: (message: { data: string }) => void;
  constructor(readonly url: string) {}
  send(frame: string | Uint8Array) {
    this.sent.push(frame);
  }
  close() {
    this.readyState = 3;
  }
  open() {
    this.readyState = 1;
    this.onopen?.();
  }
  event(event: string, data: unknown, seq: number) {
    this.onmessage?.({ data: JSON.stringify({ event, data, seq }) });
  }
  actions() {
    return this.sent.map((frame) => (typeof frame === 'string' ? JSON.parse(frame) : decode(frame)) as { action: string; data: Record<string, unknown> });
  }
}

const sockets: FakeSocket[] = [];
const events = { onReady: vi.fn(), onEvent: vi.fn(), onReconnecting: vi.fn(), onFailed: vi.fn() };
const start = () =>
  new CallSocket('ws://h/ws', 'ch', events, (url) => {
    const socket = new FakeSocket(url);
    sockets.push(socket);
    return socket as unknown as WebSocket;
  });

beforeEach(() => {
  vi.useFakeTimers();
  sockets.length = 0;
  for (const spy of Object.values(events)) spy.mockReset();
});
afterEach(() => vi.useRealTimers());

it('takes its session id from the first hello and passes plugin events on', () => {
  start();
  expect(sockets[0].url).toBe('ws://h/ws?connection_id=&sequence_number=0');
  sockets[0].open();
  sockets[0].event('hello', { connection_id: 'c1' }, 0);
  expect(events.onReady).toHaveBeenCalledExactlyOnceWith('c1');
  sockets[0].event('custom_com.mattermost.calls_join', { connID: 'c1' }, 1);
  sockets[0].event('posted', {}, 2);
  expect(events.onEvent.mock.calls).toEqual([['join', { connID: 'c1' }]]);
});

it('sends descriptions as binary frames', () => {
  const call = start();
  sockets[0].open();
  call.send('sdp', { data: new Uint8Array([1, 2]) }, true);
  const frame = sockets[0].actions().at(-1);
  expect(frame).toMatchObject({ action: 'custom_com.mattermost.calls_sdp', data: { data: new Uint8Array([1, 2]) } });
});

it('takes the session up again after the connection was lost', () => {
  start();
  sockets[0].open();
  sockets[0].event('hello', { connection_id: 'c1' }, 0);
  sockets[0].event('custom_com.mattermost.calls_join', {}, 1);
  sockets[0].onclose?.();
  expect(events.onReconnecting).toHaveBeenLastCalledWith(true);
  vi.advanceTimersByTime(1_000);
  expect(sockets[1].url).toBe('ws://h/ws?connection_id=c1&sequence_number=2');
  sockets[1].open();
  expect(sockets[1].actions()[0]).toMatchObject({ action: 'custom_com.mattermost.calls_reconnect', data: { channelID: 'ch', originalConnID: 'c1', prevConnID: 'c1' } });
  expect(events.onReconnecting).toHaveBeenLastCalledWith(false);
  // The server did not resume: the id changes, the session keeps its name.
  sockets[1].event('hello', { connection_id: 'c2' }, 0);
  sockets[1].onclose?.();
  vi.advanceTimersByTime(1_000);
  sockets[2].open();
  expect(sockets[2].actions()[0].data).toEqual({ channelID: 'ch', originalConnID: 'c1', prevConnID: 'c2' });
  expect(events.onReady).toHaveBeenCalledOnce();
});

it('drops a connection that does not answer pings', () => {
  start();
  sockets[0].open();
  sockets[0].event('hello', { connection_id: 'c1' }, 0);
  vi.advanceTimersByTime(5_000);
  expect(sockets[0].readyState).toBe(3);
  vi.advanceTimersByTime(1_000);
  expect(sockets).toHaveLength(2);
});

it('gives up after thirty seconds', () => {
  start();
  sockets[0].open();
  sockets[0].event('hello', { connection_id: 'c1' }, 0);
  sockets[0].onclose?.();
  for (let tries = 0; tries < 30 && events.onFailed.mock.calls.length === 0; tries += 1) {
    vi.advanceTimersByTime(10_000);
    sockets.at(-1)?.onclose?.();
  }
  expect(events.onFailed).toHaveBeenCalledOnce();
});
