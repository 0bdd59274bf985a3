// Session descriptions travel as zlib-compressed JSON.
import { strFromU8, strToU8, unzlibSync, zlibSync } from 'fflate';

export interface Description {
  type: 'offer' | 'answer' | 'pranswer' | 'rollback';
  sdp: string;
}

/** More than any real description; what inflates beyond it is refused. */
const MAX_BYTES = 1 << 20;

export function packDescription(description: Description): Uint8Array {
  return zlibSync(strToU8(JSON.stringify({ type: description.type, sdp: description.sdp })));
}

export function unpackDescription(bytes: Uint8Array): Description | null {
  try {
    return parseDescription(strFromU8(unzlibSync(bytes, { out: new Uint8Array(MAX_BYTES) })));
  } catch {
    return null;
  }
}

/** Reads the JSON form; null when it is not a description. */
export function parseDescription(text: string): Description | null {
  try {
    const value = JSON.parse(text) as Partial<Description>;
    return typeof value.sdp === 'string' && (value.type === 'offer' || value.type === 'answer') ? { type: value.type, sdp: value.sdp } : null;
  } catch {
    return null;
  }
}

export type Signal = { kind: 'description'; description: Description } | { kind: 'candidate'; candidate: RTCIceCandidateInit };

/** A `signal` event's text is a description or an ICE candidate. */
export function parseSignal(text: string): Signal | null {
  const description = parseDescription(text);
  if (description) return { kind: 'description', description };
  try {
    const value = JSON.parse(text) as { candidate?: unknown };
    // Both shapes occur: {"candidate":"candidate:…","sdpMid":…} and {"type":"candidate","candidate":{…}}.
    if (typeof value.candidate === 'string') return { kind: 'candidate', candidate: value as RTCIceCandidateInit };
    if (value.candidate && typeof value.candidate === 'object') return { kind: 'candidate', candidate: value.candidate as RTCIceCandidateInit };
  } catch {
    // Not JSON: not a signal.
  }
  return null;
}
