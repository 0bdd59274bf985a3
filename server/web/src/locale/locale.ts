// The words of the client in the language of whoever reads: ICU messages by key, English where another language has none.
import { signal } from '@preact/signals';
import { IntlMessageFormat } from 'intl-messageformat';
import en from './en.json';
import { choose, direction, type Language } from './languages';

export type Key = keyof typeof en;
type Catalogue = Readonly<Partial<Record<Key, string>>>;

/** The language that is shown. Components that use `t` are drawn again when it changes. */
export const language = signal<Language>('en');
const words = signal<Catalogue>(en);

// English comes with the page; another language is fetched when somebody wants it.
const LOADERS: Record<Exclude<Language, 'en'>, () => Promise<{ default: Catalogue }>> = {
  de: () => import('./de.json'),
  fr: () => import('./fr.json'),
  uk: () => import('./uk.json'),
};

const formats = new Map<Key, IntlMessageFormat>();

/** Shows the first of the wanted languages that there is. When its words cannot be fetched, the old ones stay. */
export async function speak(...wishes: (string | undefined)[]): Promise<void> {
  const wanted = choose(wishes);
  if (wanted === language.value) return;
  let found: Catalogue = en;
  try {
    if (wanted !== 'en') found = (await LOADERS[wanted]()).default;
  } catch {
    return;
  }
  formats.clear();
  language.value = wanted;
  words.value = found;
  document.documentElement.lang = wanted;
  document.documentElement.dir = direction(wanted);
}

/** The text of a key, with its `{values}` filled in. */
export function t(key: Key, values?: Record<string, string | number>): string {
  const text = words.value[key] ?? en[key];
  if (!values) return text;
  let format = formats.get(key);
  if (!format) {
    format = new IntlMessageFormat(text, language.value, undefined, { ignoreTag: true });
    formats.set(key, format);
  }
  return String(format.format(values));
}
