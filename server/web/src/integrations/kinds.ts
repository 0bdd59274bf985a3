import { bots } from './bots';
import { commands } from './commands';
import { incoming } from './incoming';
import type { Kind } from './kind';
import { oauth } from './oauth';
import { outgoing } from './outgoing';

/** In the order of the menu. Each page only hands values back to the kind that it got them from. */
export const KINDS = [incoming, outgoing, commands, bots, oauth] as unknown as readonly Kind<object>[];
