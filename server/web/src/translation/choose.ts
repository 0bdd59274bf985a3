// Which text of a translated message a reader sees. Pure.

export interface Shown {
  text: string;
  /** The language of the translation; empty when the original is shown. */
  language: string;
  /** A translation is expected but has not arrived. */
  waiting: boolean;
}

/** `translations` is post.props.translations: language → text. `wanted` are the reader's languages, best first. */
export function chooseText(original: string, translations: unknown, wanted: readonly string[]): Shown {
  const known = readTranslations(translations);
  for (const language of wanted) {
    const key = Object.keys(known).find((code) => sameLanguage(code, language));
    if (key === undefined) continue;
    // A space stands for "nothing came back".
    if (known[key].trim() === '') return { text: original, language: '', waiting: false };
    const same = known[key].trim() === original.trim();
    return { text: known[key], language: same ? '' : key, waiting: false };
  }
  return { text: original, language: '', waiting: Object.keys(known).length === 0 };
}

function readTranslations(value: unknown): Record<string, string> {
  if (!value || typeof value !== 'object') return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

const sameLanguage = (a: string, b: string) => a.trim().toLowerCase() === b.toLowerCase();

/** Preference first, then the account's locale, then its language without the region. */
export function readerLanguages(preferred: string, locale: string): string[] {
  const list = [preferred, locale, locale.split('-')[0]].filter(Boolean);
  return [...new Set(list)];
}
