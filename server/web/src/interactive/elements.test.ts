import { expect, it } from 'vitest';
import { firstAnswers, localTime, problems, submission, type DialogElement } from './elements';

const element = (name: string, more: Partial<DialogElement> = {}) => ({ name, display_name: name, type: 'text', subtype: '', default: '', optional: false, min_length: 0, max_length: 0, ...more }) as DialogElement;

it('begins with what the program proposes', () => {
  const answers = firstAnswers([
    element('title', { default: 'Broken lamp' }),
    element('urgent', { type: 'bool', default: 'True' }),
    element('people', { type: 'select', multiselect: true, default: 'a, b' }),
    element('later', { type: 'bool' }),
  ]);
  expect(answers).toEqual({ title: 'Broken lamp', urgent: true, people: ['a', 'b'], later: false });
});

it('names every field that cannot be sent', () => {
  const list = [
    element('title', { min_length: 3 }),
    element('mail', { subtype: 'email' }),
    element('count', { subtype: 'number' }),
    element('site', { subtype: 'url', optional: true }),
    element('who', { type: 'select' }),
    element('agree', { type: 'bool' }),
  ];
  const wrong = problems(list, { title: 'ab', mail: 'nobody', count: 'x', site: '', who: '', agree: false });
  expect(Object.keys(wrong)).toEqual(['title', 'mail', 'count', 'who']);
  expect(problems(list, { title: 'abc', mail: 'a@b', count: '3', site: '', who: 'u1', agree: true })).toEqual({});
});

it('sends numbers as numbers and times with their zone', () => {
  const list = [element('count', { subtype: 'number' }), element('at', { type: 'datetime' }), element('ok', { type: 'bool' }), element('none', { subtype: 'number', optional: true })];
  const iso = '2026-03-01T09:30:00Z';
  expect(submission(list, { count: '42', at: localTime(iso), ok: false, none: '' })).toEqual({ count: 42, at: iso, ok: false, none: '' });
});
