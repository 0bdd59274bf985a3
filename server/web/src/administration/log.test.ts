import { expect, it } from 'vitest';
import { matches, readLine } from './log';

it('reads lines of JSON and of plain text', () => {
  expect(readLine('{"timestamp":"2026-01-02","level":"WARN","fields":{"message":"disk is full","free":3}}')).toEqual({ level: 'warn', time: '2026-01-02', text: 'disk is full free=3' });
  expect(readLine('{"level":"error","msg":"no mail","caller":"x.go:1"}')).toMatchObject({ level: 'error', text: 'no mail' });
  expect(readLine('2026-01-02T03:04:05Z  INFO server: ready\n')).toEqual({ level: 'info', time: '', text: '2026-01-02T03:04:05Z  INFO server: ready' });
});

it('finds the grave ones and words', () => {
  const line = readLine('{"level":"warn","message":"Disk is full"}');
  expect(matches(line, 'disk', 'warn')).toBe(true);
  expect(matches(line, '', 'error')).toBe(false);
  expect(matches(line, 'mail', '')).toBe(false);
});
