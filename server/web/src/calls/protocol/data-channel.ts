// The data channel `calls-dc`: each message is a MessagePack integer (the type), maybe followed by one value.
import { decodeMulti, encode } from '@msgpack/msgpack';
import { packDescription, unpackDescription, type Description } from './description';

export type MediaType = 'voice' | 'screen' | 'screen-audio' | 'video';
/** What each transceiver (by mid) carries. */
export type MediaMap = Record<string, { type: MediaType; sender_id: string }>;

export type DcMessage =
  | { type: 'ping' }
  | { type: 'pong' }
  | { type: 'sdp'; description: Description }
  | { type: 'lossRate'; value: number }
  | { type: 'roundTripTime'; value: number }
  | { type: 'jitter'; value: number }
  | { type: 'lock'; acquired?: boolean }
  | { type: 'unlock' }
  | { type: 'mediaMap'; map: MediaMap };

const NUMBER = { ping: 1, pong: 2, sdp: 3, lossRate: 4, roundTripTime: 5, jitter: 6, lock: 7, unlock: 8, mediaMap: 9 } as const;

export function encodeDc(message: DcMessage): Uint8Array {
  const head = encode(NUMBER[message.type]);
  const value = payload(message);
  if (value === undefined) return head;
  const body = encode(value, { forceFloat32: false });
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}

function payload(message: DcMessage): unknown {
  switch (message.type) {
    case 'sdp':
      return packDescription(message.description);
    case 'lossRate':
    case 'roundTripTime':
    case 'jitter':
      return message.value;
    case 'lock':
      return message.acquired;
    case 'mediaMap':
      return message.map;
    default:
      return undefined;
  }
}

/** Reads a message; null for anything that is not one (newer types, noise). */
export function decodeDc(bytes: Uint8Array): DcMessage | null {
  let values: unknown[];
  try {
    values = [...decodeMulti(bytes)];
  } catch {
    return null;
  }
  const [type, value] = values;
  switch (type) {
    case NUMBER.ping:
      return { type: 'ping' };
    case NUMBER.pong:
      return { type: 'pong' };
    case NUMBER.sdp: {
      const description = value instanceof Uint8Array ? unpackDescription(value) : null;
      return description && { type: 'sdp', description };
    }
    case NUMBER.lossRate:
      return typeof value === 'number' ? { type: 'lossRate', value } : null;
    case NUMBER.roundTripTime:
      return typeof value === 'number' ? { type: 'roundTripTime', value } : null;
    case NUMBER.jitter:
      return typeof value === 'number' ? { type: 'jitter', value } : null;
    case NUMBER.lock:
      return typeof value === 'boolean' ? { type: 'lock', acquired: value } : { type: 'lock' };
    case NUMBER.unlock:
      return { type: 'unlock' };
    case NUMBER.mediaMap:
      return value && typeof value === 'object' && !Array.isArray(value) ? { type: 'mediaMap', map: value as MediaMap } : null;
    default:
      return null;
  }
}

/** What a remote track is: the media map says it; the track id (`type_session_random`) is the fallback. */
export function mediaTypeOf(kind: string, mid: string | null, trackId: string, map: MediaMap): MediaType | null {
  const told = mid !== null ? map[mid]?.type : undefined;
  if (told) return told;
  const named = /^(voice|screen-audio|screen|video)_[a-z0-9]+_[A-Za-z0-9]+$/.exec(trackId)?.[1] as MediaType | undefined;
  if (named) return named;
  return kind === 'audio' ? 'voice' : null;
}
