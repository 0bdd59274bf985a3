// The numbers of the site, in words.
import type { AnalyticsRow } from '@mattermost/types/admin';

const WORDS: Record<string, string> = {
  unique_user_count: 'Active accounts',
  inactive_user_count: 'Deactivated accounts',
  daily_active_users: 'People today',
  monthly_active_users: 'People this month',
  team_count: 'Teams',
  channel_open_count: 'Public channels',
  channel_private_count: 'Private channels',
  post_count: 'Messages',
  file_post_count: 'Messages with files',
  hashtag_post_count: 'Messages with hashtags',
  session_count: 'Sessions',
  total_websocket_connections: 'Open connections',
  incoming_webhook_count: 'Incoming webhooks',
  outgoing_webhook_count: 'Outgoing webhooks',
  command_count: 'Slash commands',
};

export interface Figure {
  name: string;
  label: string;
  value: number;
}

/** Those that mean something to a person, each once, in a fixed order. The protocol says -1 for what was not counted. */
export function figures(rows: readonly AnalyticsRow[]): Figure[] {
  const known = new Map(rows.map((row) => [row.name, row.value]));
  return Object.entries(WORDS).flatMap(([name, label]) => {
    const value = known.get(name);
    return value === undefined || value < 0 ? [] : [{ name, label, value }];
  });
}

/** Numbers per day, the latest last. */
export function byDay(rows: readonly AnalyticsRow[], days: number): Figure[] {
  return rows
    .filter((row) => /^\d{4}-\d\d-\d\d$/.test(row.name))
    .sort((a, b) => a.name.localeCompare(b.name))
    .slice(-days)
    .map((row) => ({ name: row.name, label: row.name, value: row.value }));
}
