// Requests of the call's WebSocket. Text frames are JSON; frames with bytes are MessagePack of the same map.
import { encode } from '@msgpack/msgpack';

export const PREFIX = 'custom_com.mattermost.calls_';

export type ClientAction =
  | 'join'
  | 'leave'
  | 'reconnect'
  | 'sdp'
  | 'ice'
  | 'mute'
  | 'unmute'
  | 'screen_on'
  | 'screen_off'
  | 'raise_hand'
  | 'unraise_hand'
  | 'react'
  | 'call_state';

export function textFrame(action: string, seq: number, data?: unknown): string {
  return JSON.stringify({ action, seq, data: data ?? {} });
}

export function binaryFrame(action: string, seq: number, data: unknown): Uint8Array {
  return encode({ action, seq, data });
}
