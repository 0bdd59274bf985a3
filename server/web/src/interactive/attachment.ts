// What of a message attachment can be trusted and how it is shown. Everything in it was written by a program.
import type { PostAction } from '@mattermost/types/integration_actions';
import type { MessageAttachment, MessageAttachmentField } from '@mattermost/types/message_attachments';

export type { MessageAttachment, PostAction };

const NAMED: Record<string, string> = { good: 'var(--online)', warning: 'var(--away)', danger: 'var(--danger)', primary: 'var(--accent)' };

/** A CSS colour for `#rrggbb`, `#rgb` and Slack's words; undefined for anything else. */
export function barColour(colour: string | undefined): string | undefined {
  if (!colour) return undefined;
  return /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.test(colour) ? colour : NAMED[colour.toLowerCase()];
}

/** The address if it is one of the web; empty for scripts and everything else. */
export function webLink(link: string | undefined): string {
  return link && /^https?:\/\//i.test(link) ? link : '';
}

/**
 * Where a picture may be loaded from without telling another server who reads; empty when it may not.
 * `origin` is this site's; a site with an image proxy fetches for its users.
 */
export function pictureSource(link: string | undefined, origin: string, hasProxy: boolean): string {
  if (!link) return '';
  const here = /^\/(api|plugins|static)\//.test(link) || link.startsWith(`${origin}/`);
  if (here) return link;
  return hasProxy && webLink(link) ? `/api/v4/image?url=${encodeURIComponent(link)}` : '';
}

/** Fields in rows: short ones stand two by two, long ones alone. */
export function fieldRows(fields: readonly MessageAttachmentField[]): MessageAttachmentField[][] {
  const rows: MessageAttachmentField[][] = [];
  let open: MessageAttachmentField[] | null = null;
  for (const field of fields) {
    if (!field.short) {
      rows.push([field]);
      open = null;
    } else if (open) {
      open.push(field);
      open = null;
    } else {
      open = [field];
      rows.push(open);
    }
  }
  return rows;
}

/** The buttons and selects that can be pressed: each needs an id and a name. */
export function usableActions(actions: readonly PostAction[] | null | undefined): PostAction[] {
  return (actions ?? []).filter((action) => Boolean(action?.id && action.name));
}
