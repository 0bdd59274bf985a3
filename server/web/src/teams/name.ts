/** A URL name (2–64 of a–z, 0–9, dash) from a display name. */
export function urlName(display: string): string {
  const name = display
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  return name.length >= 2 ? name : '';
}

/** As `urlName`, with something random for names that have no Latin letters. */
export function urlNameOrRandom(display: string): string {
  return urlName(display) || `r-${Math.random().toString(36).slice(2, 10)}`;
}
