import { describe, expect, it } from 'vitest';
import { decodeDc, encodeDc, mediaTypeOf, type DcMessage } from './data-channel';
import { packDescription, parseSignal, unpackDescription } from './description';

const bytes = (...values: number[]) => new Uint8Array(values);

describe('data channel messages', () => {
  it('reads what servers in Go write', () => {
    expect(decodeDc(bytes(0xcc, 0x07, 0xc3))).toEqual({ type: 'lock', acquired: true });
    expect(decodeDc(bytes(0xcc, 0x07))).toEqual({ type: 'lock' });
    expect(decodeDc(bytes(0xcc, 0x02))).toEqual({ type: 'pong' });
  });

  it('writes the documented bytes', () => {
    expect(encodeDc({ type: 'ping' })).toEqual(bytes(1));
    expect(encodeDc({ type: 'lock' })).toEqual(bytes(7));
    expect(encodeDc({ type: 'unlock' })).toEqual(bytes(8));
    expect(encodeDc({ type: 'lossRate', value: 0.5 })).toEqual(bytes(4, 0xcb, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0));
  });

  it('reads back everything it writes', () => {
    const messages: DcMessage[] = [
      { type: 'sdp', description: { type: 'offer', sdp: 'v=0\r\n' } },
      { type: 'mediaMap', map: { '1': { type: 'screen', sender_id: 's' } } },
      { type: 'jitter', value: 0.25 },
      { type: 'lock', acquired: false },
    ];
    for (const message of messages) expect(decodeDc(encodeDc(message))).toEqual(message);
  });

  it('ignores noise and newer types', () => {
    expect(decodeDc(bytes())).toBeNull();
    expect(decodeDc(bytes(0x0a, 0x80))).toBeNull();
    expect(decodeDc(bytes(0x03, 0xc4, 0x02, 1, 2))).toBeNull();
    expect(decodeDc(bytes(0xc1))).toBeNull();
  });
});

describe('descriptions', () => {
  it('survive the packing', () => {
    const offer = { type: 'offer' as const, sdp: 'v=0\r\n'.repeat(500) };
    const packed = packDescription(offer);
    expect(packed[0]).toBe(0x78);
    expect(packed.length).toBeLessThan(offer.sdp.length);
    expect(unpackDescription(packed)).toEqual(offer);
  });

  it('are refused when broken', () => {
    expect(unpackDescription(bytes(1, 2, 3))).toBeNull();
  });

  it('are told from candidates', () => {
    expect(parseSignal('{"type":"answer","sdp":"v=0"}')).toEqual({ kind: 'description', description: { type: 'answer', sdp: 'v=0' } });
    expect(parseSignal('{"candidate":"candidate:1 1 udp","sdpMid":"0"}')).toMatchObject({ kind: 'candidate' });
    expect(parseSignal('{"type":"candidate","candidate":{"candidate":"candidate:1"}}')).toEqual({ kind: 'candidate', candidate: { candidate: 'candidate:1' } });
    expect(parseSignal('nonsense')).toBeNull();
  });
});

describe('what a track is', () => {
  it('is told by the media map, then by the track id', () => {
    expect(mediaTypeOf('video', '2', 'x', { '2': { type: 'screen', sender_id: '' } })).toBe('screen');
    expect(mediaTypeOf('video', '2', 'screen_abc123_Zz9y8x7w', {})).toBe('screen');
    expect(mediaTypeOf('audio', null, 'x', {})).toBe('voice');
    expect(mediaTypeOf('video', null, 'x', {})).toBeNull();
  });
});
