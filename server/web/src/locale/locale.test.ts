import { parse, TYPE, type MessageFormatElement } from '@formatjs/icu-messageformat-parser';
import { IntlMessageFormat } from 'intl-messageformat';
import { expect, it } from 'vitest';
import de from './de.json';
import en from './en.json';
import fr from './fr.json';
import { choose, direction, LANGUAGES } from './languages';
import { t } from './locale';
import uk from './uk.json';

const CATALOGUES: Record<string, Record<string, string>> = { de, en, fr, uk };

/** Names of the values that a message takes, and the plural forms that it has. */
function parts(elements: MessageFormatElement[], names = new Set<string>(), forms: string[][] = []): { names: Set<string>; forms: string[][] } {
  for (const element of elements) {
    if (element.type === TYPE.argument) names.add(element.value);
    if (element.type === TYPE.plural) {
      names.add(element.value);
      forms.push(Object.keys(element.options));
      for (const option of Object.values(element.options)) parts(option.value, names, forms);
    }
  }
  return { names, forms };
}

it('has a catalogue for every language', () => {
  expect(Object.keys(CATALOGUES).sort()).toEqual(Object.keys(LANGUAGES).sort());
});

it.each(Object.keys(CATALOGUES))('lacks no key, value or plural form in %s', (code) => {
  const catalogue = CATALOGUES[code];
  expect(Object.keys(catalogue).sort()).toEqual(Object.keys(en).sort());
  const wanted = new Intl.PluralRules(code).resolvedOptions().pluralCategories;
  for (const [key, text] of Object.entries(catalogue)) {
    const here = parts(parse(text, { ignoreTag: true }));
    expect([...here.names].sort(), key).toEqual([...parts(parse((en as Record<string, string>)[key], { ignoreTag: true })).names].sort());
    for (const forms of here.forms) expect(forms.sort(), `${code} ${key}`).toEqual([...wanted].sort());
  }
});

it('counts as the language does', () => {
  const replies = (count: number) => new IntlMessageFormat(uk['post.replies'], 'uk').format({ count });
  expect([1, 3, 5, 21].map(replies)).toEqual(['1 відповідь', '3 відповіді', '5 відповідей', '21 відповідь']);
  expect(t('post.replies', { count: 1 })).toBe('1 reply');
  expect(t('post.replies', { count: 2 })).toBe('2 replies');
});

it('meets the first wish that it can', () => {
  expect(choose(['pt-PT', 'de-AT', 'fr'])).toBe('de');
  expect(choose([undefined, '', 'xx'])).toBe('en');
  expect(direction('ar-EG')).toBe('rtl');
  expect(direction('uk')).toBe('ltr');
});
