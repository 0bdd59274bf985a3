import type { Invitation } from './invitations';

/** Whether the link still lets people in. */
export function isOpen(one: Pick<Invitation, 'revoked_at' | 'expires_at' | 'max_uses' | 'uses'>, now: number): boolean {
  return one.revoked_at === 0 && one.expires_at > now && (one.max_uses === 0 || one.uses < one.max_uses);
}

/** "used 1 of 5", "used 2 times". */
export function usesText(one: Pick<Invitation, 'max_uses' | 'uses'>): string {
  return one.max_uses === 0 ? `used ${one.uses} ${one.uses === 1 ? 'time' : 'times'}` : `used ${one.uses} of ${one.max_uses}`;
}
