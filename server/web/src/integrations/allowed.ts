// Whether the menu shows the page: kept apart from it, so that the page's code loads when it is opened.
import { may } from '../store/permissions';

const PERMISSIONS = ['manage_own_incoming_webhooks', 'manage_own_outgoing_webhooks', 'manage_own_slash_commands', 'create_bot', 'manage_oauth'];

export const mayIntegrate = (teamId: string) => PERMISSIONS.some((permission) => may(permission, teamId));
