/** True when `version` ("1.12.0", maybe with a v) is at least `major.minor.patch`. Pre-releases do not count. */
export function atLeast(version: string | undefined, [major, minor, patch]: [number, number, number]): boolean {
  const found = /^v?(\d+)\.(\d+)\.(\d+)(-[\w.]+)?/.exec(version ?? '');
  if (!found) return false;
  const [a, b, c] = [Number(found[1]), Number(found[2]), Number(found[3])];
  const order = a - major || b - minor || c - patch;
  return order > 0 || (order === 0 && !found[4]);
}

/** Locking needs plugin ≥ 1.7.0 and, where it is named, rtcd ≥ 1.1.0. */
export function supportsLocking(info: { version?: string; rtcd_version?: string }): boolean {
  return atLeast(info.version, [1, 7, 0]) && (!info.rtcd_version || atLeast(info.rtcd_version, [1, 1, 0]));
}
