// The agents (bots of the language model) that the user may talk to.
import { signal } from '@preact/signals';
import { plugin } from '../api/client';
import { wantUsers } from '../store/users';

export const AGENTS = 'mattermost-ai';

export interface Agent {
  id: string;
  displayName: string;
  username: string;
  /** Empty until somebody has talked to it. */
  dmChannelID: string;
}

export const agents = signal<Agent[]>([]);

export async function loadAgents(): Promise<void> {
  try {
    const { bots } = await plugin<{ bots: Agent[] | null }>(AGENTS, '/ai_bots');
    agents.value = bots ?? [];
    wantUsers(agents.value.map((agent) => agent.id));
  } catch {
    // A server without agents: nothing about them is shown.
    agents.value = [];
  }
}
