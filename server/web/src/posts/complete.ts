// What the composer offers while somebody types @name, ~channel or :emoji.

export interface Trigger {
  kind: 'user' | 'channel' | 'emoji';
  /** What has been typed after the sign. */
  term: string;
  /** Where the sign stands in the text. */
  from: number;
}

const PATTERN = /(^|[\s(["'*_,;])([@~:])([\p{L}\p{N}._+-]*)$/u;

/** The trigger under a caret position, if any. `:` needs two letters so that smileys do not open a list. */
export function triggerAt(text: string, caret: number): Trigger | null {
  const found = PATTERN.exec(text.slice(0, caret));
  if (!found) return null;
  const [, before, sign, term] = found;
  if (sign === ':' && term.length < 2) return null;
  const kind = sign === '@' ? 'user' : sign === '~' ? 'channel' : 'emoji';
  return { kind, term: term.toLowerCase(), from: found.index + before.length };
}

/** Replaces the trigger with the choice; answers the text and the new caret. */
export function insertChoice(text: string, caret: number, trigger: Trigger, choice: string): [text: string, caret: number] {
  const head = `${text.slice(0, trigger.from)}${choice} `;
  return [head + text.slice(caret).replace(/^ /, ''), head.length];
}
