interface Named {
  username: string;
  first_name?: string;
  last_name?: string;
  nickname?: string;
}

/** One or two letters that stand for a person. */
export function initials(user: Named | undefined): string {
  if (!user) return '?';
  const full = `${user.first_name ?? ''} ${user.last_name ?? ''}`.trim() || user.nickname || user.username;
  const words = full.split(/[\s._-]+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : [full];
  return letters.map((word) => [...word][0]?.toUpperCase() ?? '').join('') || '?';
}

/** A colour angle (0–359) that stays the same for an id. */
export function hueOf(id: string): number {
  // FNV-1a with a final mix, so that ids that differ by a letter get different colours.
  let hash = 0x811c9dc5;
  for (const character of id) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 12)) >>> 0) % 360;
}
