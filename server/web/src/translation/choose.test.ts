import { expect, it } from 'vitest';
import { chooseText, readerLanguages } from './choose';

it("shows the reader's language", () => {
  expect(chooseText('Hello', { de: 'Hallo', fr: 'Bonjour' }, ['de'])).toEqual({ text: 'Hallo', language: 'de', waiting: false });
});

it('shows the original while there is nothing better', () => {
  expect(chooseText('Hello', {}, ['de'])).toEqual({ text: 'Hello', language: '', waiting: true });
  expect(chooseText('Hello', { fr: 'Bonjour' }, ['de'])).toEqual({ text: 'Hello', language: '', waiting: false });
  expect(chooseText('Hello', { de: ' ' }, ['de'])).toEqual({ text: 'Hello', language: '', waiting: false });
  expect(chooseText('Hallo', { de: 'Hallo' }, ['de']).language).toBe('');
  expect(chooseText('Hello', 'nonsense', ['de']).text).toBe('Hello');
});

it('falls back from region to language', () => {
  expect(readerLanguages('', 'de-AT')).toEqual(['de-AT', 'de']);
  expect(readerLanguages('fr', 'de')).toEqual(['fr', 'de']);
});
