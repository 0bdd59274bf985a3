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
  let hash = 7;
  for (const character of id) hash = (hash * 31 + character.charCodeAt(0)) >>> 0;
  return hash % 360;
}
