// The fields of an interactive dialog: what they hold at first, what is wrong with them, what is sent.
import type { DialogElement } from '@mattermost/types/integrations';

export type Answer = string | boolean | string[];
export type Answers = Record<string, Answer>;

export type { DialogElement };

const TEXT = new Set(['text', 'textarea']);

/** `2026-03-01T09:30:00Z` as the local `2026-03-01T10:30` of a datetime field; empty when it is no time. */
export function localTime(iso: string): string {
  const time = new Date(iso);
  if (!iso || Number.isNaN(time.getTime())) return '';
  const pad = (value: number) => String(value).padStart(2, '0');
  return `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}T${pad(time.getHours())}:${pad(time.getMinutes())}`;
}

function firstAnswer(element: DialogElement): Answer {
  const given = element.default ?? '';
  switch (element.type) {
    case 'bool':
      return String(given).toLowerCase() === 'true';
    case 'datetime':
      return localTime(given);
    case 'select':
      return element.multiselect ? given.split(',').map((value) => value.trim()).filter(Boolean) : given;
    default:
      return given;
  }
}

export function firstAnswers(elements: readonly DialogElement[]): Answers {
  return Object.fromEntries(elements.map((element) => [element.name, firstAnswer(element)]));
}

function problem(element: DialogElement, answer: Answer | undefined): string {
  const empty = answer === undefined || answer === '' || answer === false || (Array.isArray(answer) && answer.length === 0);
  // A switch that is off is an answer.
  if (empty) return element.optional || element.type === 'bool' ? '' : 'This field is required.';
  if (!TEXT.has(element.type) || typeof answer !== 'string') return '';
  if (element.min_length > 0 && answer.length < element.min_length) return `At least ${element.min_length} characters are needed.`;
  if (element.max_length > 0 && answer.length > element.max_length) return `At most ${element.max_length} characters fit.`;
  if (element.subtype === 'email' && !/^\S+@\S+$/.test(answer)) return 'This is not an email address.';
  if (element.subtype === 'number' && Number.isNaN(Number(answer))) return 'This is not a number.';
  if (element.subtype === 'url' && !/^https?:\/\//i.test(answer)) return 'The address has to begin with http:// or https://.';
  return '';
}

/** What is wrong, by name of the element; empty when the form can be sent. */
export function problems(elements: readonly DialogElement[], answers: Answers): Record<string, string> {
  const found = elements.map((element) => [element.name, problem(element, answers[element.name])] as const);
  return Object.fromEntries(found.filter(([, what]) => what !== ''));
}

/** The body's `submission`: numbers as numbers, times with their zone. */
export function submission(elements: readonly DialogElement[], answers: Answers): Record<string, unknown> {
  return Object.fromEntries(
    elements.map((element) => {
      const answer = answers[element.name] ?? '';
      if (typeof answer !== 'string' || answer === '') return [element.name, answer];
      if (TEXT.has(element.type) && element.subtype === 'number') return [element.name, Number(answer)];
      if (element.type === 'datetime') return [element.name, new Date(answer).toISOString().replace(/\.\d+Z$/, 'Z')];
      return [element.name, answer];
    }),
  );
}
