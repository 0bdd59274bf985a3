import { t } from '../locale/locale';
import { typing } from '../store/typing';
import { displayName, users } from '../store/users';

/** "Ann is typing…" under the composer. */
export function TypingLine({ place }: { place: string }) {
  const names = (typing.value[place] ?? []).map((id) => displayName(users.value[id]));
  const text = names.length === 0 ? '' : names.length === 1 ? t('composer.typingOne', { name: names[0] }) : names.length <= 3 ? t('composer.typingFew', { names: names.join(', ') }) : t('composer.typingMany');
  return (
    <div class="typing-line" aria-live="polite">
      {text}
    </div>
  );
}
