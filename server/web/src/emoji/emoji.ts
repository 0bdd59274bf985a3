// Emoji by the short names that posts and reactions use.
import rows from 'virtual:emoji-table';

export interface Emoji {
  name: string;
  character: string;
  group: number;
  /** Every short name, for searching. */
  names: string;
}

export const EMOJI: Emoji[] = rows.map(([group, character, names]) => ({ group, character, names, name: names.split(' ')[0] }));

/** Titles by group number of the data set; group 2 holds skin tones and is not offered. */
export const GROUPS: [number, string][] = [
  [0, 'Smileys'],
  [1, 'People'],
  [3, 'Nature'],
  [4, 'Food'],
  [5, 'Travel'],
  [6, 'Activities'],
  [7, 'Objects'],
  [8, 'Symbols'],
  [9, 'Flags'],
];

export const QUICK = ['+1', 'heart', 'joy', 'tada', 'eyes', 'white_check_mark'];

const byName = new Map<string, Emoji>();
for (const emoji of EMOJI) for (const name of emoji.names.split(' ')) if (!byName.has(name)) byName.set(name, emoji);

const ALIASES: Record<string, string> = { thumbsup: '+1', thumbsdown: '-1' };

const SKIN_TONES: Record<string, string> = {
  light_skin_tone: '\u{1F3FB}',
  medium_light_skin_tone: '\u{1F3FC}',
  medium_skin_tone: '\u{1F3FD}',
  medium_dark_skin_tone: '\u{1F3FE}',
  dark_skin_tone: '\u{1F3FF}',
};

/** The character of a short name, with an optional skin tone suffix; undefined for custom emoji. */
export function emojiCharacter(name: string): string | undefined {
  const found = byName.get(ALIASES[name] ?? name);
  if (found) return found.character;
  for (const [suffix, tone] of Object.entries(SKIN_TONES)) {
    if (!name.endsWith('_' + suffix)) continue;
    const base = emojiCharacter(name.slice(0, -suffix.length - 1));
    if (base) return base.replace('\uFE0F', '') + tone;
  }
  return undefined;
}

/** Emoji whose names contain the term; names that start with it come first. */
export function searchEmoji(term: string, limit: number): Emoji[] {
  const needle = term.toLowerCase();
  const starts: Emoji[] = [];
  const holds: Emoji[] = [];
  for (const emoji of EMOJI) {
    const names = emoji.names.split(' ');
    if (names.some((name) => name.startsWith(needle))) starts.push(emoji);
    else if (emoji.names.includes(needle)) holds.push(emoji);
  }
  return [...starts, ...holds].slice(0, limit);
}
