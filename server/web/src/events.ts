// Every server event goes to the domain that owns it.
import type { SocketEvent } from './api/socket';
import { agentEvents } from './agents/events';
import { callEvents } from './calls/events';
import { channelEvents } from './channels/events';
import { groupEvents } from './groups/events';
import { interactiveEvents } from './interactive/events';
import { postEvents } from './posts/events';
import { teamEvents } from './teams/events';
import { userEvents } from './users/events';

export type Handlers = Record<string, (event: SocketEvent) => void>;

const handlers: Handlers = { ...postEvents, ...channelEvents, ...teamEvents, ...userEvents, ...callEvents, ...agentEvents, ...interactiveEvents, ...groupEvents };

export function dispatch(event: SocketEvent): void {
  handlers[event.event]?.(event);
}
