import { plugin } from '../api/client';
import { wantUsers } from '../store/users';
import { activeCalls, callsConfig, callsVersion, channelEnabled, type CallsConfig } from './calls';
import { readCall, type Calls } from './protocol/call-state';

export const CALLS = 'com.mattermost.calls';

interface ChannelEntry {
  channel_id: string;
  enabled?: boolean;
  call?: Record<string, unknown>;
}

/** What the server's calls can do, and which calls are going on. */
export async function refreshCalls(): Promise<void> {
  try {
    const [config, version, list] = await Promise.all([
      plugin<CallsConfig>(CALLS, '/config'),
      plugin<{ version?: string; rtcd_version?: string }>(CALLS, '/version'),
      plugin<ChannelEntry[] | null>(CALLS, '/channels'),
    ]);
    callsConfig.value = config ?? {};
    callsVersion.value = version ?? {};
    const calls: Calls = {};
    const enabled: Record<string, boolean> = {};
    for (const entry of list ?? []) {
      if (entry.enabled !== undefined) enabled[entry.channel_id] = entry.enabled;
      if (entry.call?.id) calls[entry.channel_id] = readCall(entry.channel_id, entry.call, activeCalls.value[entry.channel_id]);
    }
    activeCalls.value = calls;
    channelEnabled.value = enabled;
    wantUsers(Object.values(calls).flatMap((call) => call.sessions.map((session) => session.userId)));
  } catch {
    // No calls here, or not now: the button explains when a service is down, and is absent without the plugin.
    if (!callsVersion.value) callsVersion.value = null;
  }
}
