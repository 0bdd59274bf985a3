// Word error rate: how far a transcript is from the known text (insertions, deletions, substitutions per known word).

export const words = (text) =>
  text.toLowerCase().normalize('NFKD').replace(/[^\p{L}\p{N}\s']/gu, ' ').split(/\s+/).filter(Boolean);

export function distance(expected, heard) {
  let row = Array.from({ length: heard.length + 1 }, (_, i) => i);
  for (let i = 1; i <= expected.length; i++) {
    const next = [i];
    for (let j = 1; j <= heard.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (expected[i - 1] === heard[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[heard.length];
}

/** The error rate of the best-matching stretch of `expected`: a recording may begin and end in the middle of the text. */
export function errorRateInside(expectedText, heardText) {
  const expected = words(expectedText), heard = words(heardText);
  if (!heard.length) return { rate: 1, words: 0 };
  let best = Infinity;
  for (let from = 0; from < expected.length; from++) {
    for (const length of [heard.length - 3, heard.length - 1, heard.length, heard.length + 1, heard.length + 3]) {
      if (length < 1 || from + length > expected.length) continue;
      best = Math.min(best, distance(expected.slice(from, from + length), heard) / length);
    }
  }
  return { rate: Math.min(best, distance(expected, heard) / expected.length), words: heard.length };
}
