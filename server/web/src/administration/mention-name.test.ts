import { expect, it } from 'vitest';
import { mentionName } from './mention-name';

it('proposes what people type to mention a group', () => {
  expect(mentionName('Night shift')).toBe('night-shift');
  expect(mentionName('Équipe Santé!')).toBe('equipe-sante');
  expect(mentionName('夜')).toBe('');
});
