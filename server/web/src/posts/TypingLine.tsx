import { typing } from '../store/typing';
import { displayName, users } from '../store/users';

/** "Ann is typing…" under the composer. */
export function TypingLine({ place }: { place: string }) {
  const names = (typing.value[place] ?? []).map((id) => displayName(users.value[id]));
  const text = names.length === 0 ? '' : names.length === 1 ? `${names[0]} is typing…` : names.length <= 3 ? `${names.join(', ')} are typing…` : 'Several people are typing…';
  return (
    <div class="typing-line" aria-live="polite">
      {text}
    </div>
  );
}
