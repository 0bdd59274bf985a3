// What a session is called, and in which order sessions are listed.
import type { Session } from '@mattermost/types/sessions';

/** "Chrome on Linux", from what the server keeps about the client. */
export function sessionName(session: Pick<Session, 'props' | 'device_id'>): string {
  const text = (key: string) => (typeof session.props?.[key] === 'string' ? (session.props[key] as string).trim() : '');
  if (text('type') === 'UserAccessToken') return 'Access token';
  const browser = text('browser').replace(/\/.*$/, '');
  const place = text('os') || text('platform');
  if (session.device_id) return place ? `App on ${place}` : 'App';
  if (!browser) return place || 'Unknown client';
  return place ? `${browser} on ${place}` : browser;
}

/** The latest used first. */
export const byActivity = (a: Pick<Session, 'last_activity_at'>, b: Pick<Session, 'last_activity_at'>) => b.last_activity_at - a.last_activity_at;

/** True for the error that asks for a code of the second factor. */
export function wantsCode(errorId: string | undefined): boolean {
  return errorId === 'mfa.validate_token.authenticate.app_error' || (errorId ?? '').startsWith('api.user.check_user_mfa');
}
