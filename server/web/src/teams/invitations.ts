// Invitations of this server's own: links for members and guests that end by themselves. Other servers know them not.
import { api } from '../api/client';

export interface Invitation {
  id: string;
  guest: boolean;
  channel_ids: string[];
  note: string;
  create_at: number;
  expires_at: number;
  /** 0: as often as anybody likes. */
  max_uses: number;
  uses: number;
  revoked_at: number;
  /** In the answer that made it only. */
  link?: string;
  qr_code?: string;
}

export interface WantedInvitation {
  guest: boolean;
  channel_ids: string[];
  note: string;
  max_uses: number;
  expires_at: number;
}

export const listInvitations = (teamId: string) => api.call<Invitation[]>(`/muster/teams/${teamId}/invitations`, 'get');
export const makeInvitation = (teamId: string, wanted: WantedInvitation) => api.call<Invitation>(`/muster/teams/${teamId}/invitations`, 'post', wanted);
export const revokeInvitation = (id: string) => api.call<unknown>(`/muster/invitations/${id}`, 'delete');
export const readInvitation = (token: string) => api.call<{ display_name: string; name: string; guest: boolean; email: string }>(`/muster/invited?t=${encodeURIComponent(token)}`, 'get');

/** A link with which the user sets a new password; shown once. */
export const makePasswordLink = (userId: string) => api.call<{ link: string; qr_code: string; expires_at: number }>(`/muster/users/${userId}/password_reset`, 'post');
