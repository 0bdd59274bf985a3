import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../locale/locale';
import { EMOJI, emojiCharacter, GROUPS, QUICK, searchEmoji, type Emoji } from './emoji';

/** Searchable emoji by group. Escape or a click elsewhere closes. */
export function EmojiPicker({ pick, close, up = false }: { pick: (name: string) => void; close: () => void; up?: boolean }) {
  const [term, setTerm] = useState('');
  const [group, setGroup] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const away = (event: MouseEvent) => !box.current?.parentElement?.contains(event.target as Node) && close();
    document.addEventListener('mousedown', away);
    return () => document.removeEventListener('mousedown', away);
  }, []);
  const shown = term ? searchEmoji(term, 80) : EMOJI.filter((emoji) => emoji.group === group);
  return (
    <div class={up ? 'emoji-picker menu-up' : 'emoji-picker'} ref={box} role="dialog" aria-label={t('emoji.label')} onKeyDown={(event) => event.key === 'Escape' && close()}>
      <input
        type="search"
        aria-label={t('emoji.search')}
        placeholder={t('emoji.search')}
        autofocus
        ref={(element) => element?.focus()}
        value={term}
        onInput={(event) => setTerm(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return;
          event.preventDefault();
          if (shown[0]) pick(shown[0].name);
        }}
      />
      {!term && (
        <>
          <div class="emoji-row" role="group" aria-label={t('emoji.frequent')}>
            {QUICK.map((name) => (
              <button key={name} type="button" class="emoji-button" aria-label={name} title={`:${name}:`} onClick={() => pick(name)}>
                {emojiCharacter(name)}
              </button>
            ))}
          </div>
          <select aria-label={t('emoji.group')} value={group} onChange={(event) => setGroup(Number(event.currentTarget.value))}>
            {GROUPS.map(([number, title]) => (
              <option key={number} value={number}>
                {title}
              </option>
            ))}
          </select>
        </>
      )}
      <div class="emoji-grid">
        {shown.map((emoji: Emoji) => (
          <button key={emoji.name} type="button" class="emoji-button" aria-label={emoji.name} title={`:${emoji.name}:`} onClick={() => pick(emoji.name)}>
            {emoji.character}
          </button>
        ))}
        {shown.length === 0 && <span class="hint">{t('state.nothingFound')}</span>}
      </div>
    </div>
  );
}
