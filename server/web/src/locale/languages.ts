// The languages that the client speaks, and how one is chosen.

/** By code, each named in itself. */
export const LANGUAGES = { en: 'English', de: 'Deutsch', fr: 'Français', uk: 'Українська' } as const;

export type Language = keyof typeof LANGUAGES;

const isLanguage = (code: string): code is Language => code in LANGUAGES;

/** The first wish that can be met; a wish for `de-AT` is met by `de`. */
export function choose(wishes: readonly (string | undefined)[]): Language {
  for (const wish of wishes) {
    const code = (wish ?? '').toLowerCase().split(/[-_]/)[0];
    if (isLanguage(code)) return code;
  }
  return 'en';
}

const RIGHT_TO_LEFT = new Set(['ar', 'dv', 'fa', 'he', 'ks', 'ps', 'sd', 'ug', 'ur', 'yi']);

/** Which way lines run. */
export const direction = (code: string): 'ltr' | 'rtl' => (RIGHT_TO_LEFT.has(code.toLowerCase().split(/[-_]/)[0]) ? 'rtl' : 'ltr');
