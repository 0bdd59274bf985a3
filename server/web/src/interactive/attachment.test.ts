import { expect, it } from 'vitest';
import { barColour, fieldRows, pictureSource, usableActions, webLink } from './attachment';

it('takes colours as numbers and words, and nothing that could be a style', () => {
  expect(barColour('#36a64f')).toBe('#36a64f');
  expect(barColour('#abc')).toBe('#abc');
  expect(barColour('danger')).toBe('var(--danger)');
  expect(barColour('red;background:url(x)')).toBeUndefined();
  expect(barColour(undefined)).toBeUndefined();
});

it('follows links of the web only', () => {
  expect(webLink('https://a.example/x')).toBe('https://a.example/x');
  expect(webLink('javascript:alert(1)')).toBe('');
});

it('loads pictures from this site, and others only through its proxy', () => {
  const here = 'https://chat.example';
  expect(pictureSource('/api/v4/files/f1', here, false)).toBe('/api/v4/files/f1');
  expect(pictureSource('https://chat.example/static/a.png', here, false)).toBe('https://chat.example/static/a.png');
  expect(pictureSource('https://chat.example.evil/a.png', here, false)).toBe('');
  expect(pictureSource('https://other.example/a.png?b=1', here, true)).toBe('/api/v4/image?url=https%3A%2F%2Fother.example%2Fa.png%3Fb%3D1');
  expect(pictureSource('data:text/html,x', here, true)).toBe('');
});

it('puts short fields two in a row', () => {
  const field = (title: string, short: boolean) => ({ title, value: '', short });
  const rows = fieldRows([field('a', true), field('b', true), field('c', true), field('d', false), field('e', true)]);
  expect(rows.map((row) => row.map((one) => one.title))).toEqual([['a', 'b'], ['c'], ['d'], ['e']]);
});

it('leaves out actions that nothing can be done with', () => {
  expect(usableActions([{ id: 'a', name: 'Go' }, { name: 'No id' }, { id: 'b', name: '' }]).map((action) => action.id)).toEqual(['a']);
  expect(usableActions(null)).toEqual([]);
});
