// Where messages are written. Enter sends, Shift+Enter makes a new line.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { sendTyping } from '../api/socket';
import { EmojiPicker } from '../emoji/EmojiPicker';
import { emojiCharacter } from '../emoji/emoji';
import { UploadList } from '../files/UploadList';
import { useUploads } from '../files/useUploads';
import { t } from '../locale/locale';
import { typingPlace } from '../store/typing';
import { Avatar } from '../ui/Avatar';
import { Icon } from '../ui/Icon';
import { attempt } from '../ui/states';
import { insertChoice, triggerAt } from './complete';
import { changeDraft, draftOf } from './drafts';
import { lastOwnPost } from './own';
import { isStandard, STANDARD } from './priority';
import { PriorityMenu } from './PriorityMenu';
import { PriorityTag } from './PriorityTag';
import { sendPost } from './send';
import { TypingLine } from './TypingLine';
import { useSuggestions } from './useSuggestions';

const TYPING_EVERY_MS = 4_000;

interface Props {
  channelId: string;
  rootId: string;
  label: string;
  placeholder: string;
}

export function Composer({ channelId, rootId, label, placeholder }: Props) {
  const place = typingPlace(channelId, rootId);
  const { text, files, priority } = draftOf(place);
  const area = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const [caret, setCaret] = useState(0);
  const [chosen, setChosen] = useState(0);
  const [dismissed, setDismissed] = useState('');
  const [emoji, setEmoji] = useState(false);
  const [over, setOver] = useState(false);
  const typedAt = useRef(0);
  const uploads = useUploads(channelId, (file) => changeDraft(place, (draft) => ({ files: [...draft.files, file] })));
  const trigger = triggerAt(text, caret);
  const key = trigger ? `${trigger.from}${trigger.kind}` : '';
  const suggestions = useSuggestions(key === dismissed ? null : trigger, channelId);
  const open = trigger !== null && key !== dismissed && suggestions.length > 0;

  useEffect(() => setChosen(0), [suggestions]);
  useEffect(() => area.current?.focus(), [place]);
  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    element.style.height = 'auto';
    element.style.height = `${Math.min(element.scrollHeight, 260)}px`;
  }, [text, place]);

  const setText = (next: string) => changeDraft(place, () => ({ text: next }));

  /** Changes text and caret at once: keys typed right after it must land behind the caret. */
  const replace = (next: string, position: number) => {
    if (area.current) {
      area.current.value = next;
      area.current.focus();
      area.current.setSelectionRange(position, position);
    }
    setText(next);
    setCaret(position);
  };

  const choose = (at: number) => {
    if (!trigger || !suggestions[at]) return;
    const [next, position] = insertChoice(text, caret, trigger, suggestions[at].insert);
    replace(next, position);
  };

  const insert = (piece: string) => {
    const at = area.current?.selectionStart ?? text.length;
    replace(text.slice(0, at) + piece + text.slice(at), at + piece.length);
  };

  const ready = (text.trim() !== '' || files.length > 0) && uploads.running.every((upload) => upload.error);
  const send = () => {
    if (!ready) return;
    const message = text.trim();
    changeDraft(place, () => ({ text: '', files: [], priority: STANDARD }));
    typedAt.current = 0;
    void attempt(() => sendPost(channelId, rootId, message, files, priority)).then((done) => {
      // A refused command comes back to be corrected.
      if (!done && draftOf(place).text === '') setText(message);
    });
  };

  const onInput = (event: { currentTarget: HTMLTextAreaElement }) => {
    setText(event.currentTarget.value);
    setCaret(event.currentTarget.selectionStart);
    setDismissed('');
    const now = Date.now();
    if (now - typedAt.current > TYPING_EVERY_MS && event.currentTarget.value) {
      typedAt.current = now;
      sendTyping(channelId, rootId);
    }
  };

  const onKey = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (open) {
      const count = suggestions.length;
      if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        event.preventDefault();
        setChosen((chosen + (event.key === 'ArrowDown' ? 1 : count - 1)) % count);
        return;
      }
      // A name that is already complete needs no choice: Enter sends.
      const complete = trigger !== null && text.slice(trigger.from, caret) === suggestions[chosen]?.insert;
      if ((event.key === 'Enter' && !event.shiftKey && !complete) || event.key === 'Tab') {
        event.preventDefault();
        choose(chosen);
        return;
      }
      if (event.key === 'Escape') {
        setDismissed(key);
        return;
      }
    }
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      send();
    }
    if (event.key === 'ArrowUp' && text === '') {
      const own = lastOwnPost(channelId, rootId);
      if (own) document.querySelector<HTMLElement>(`[data-post-id="${own}"] .post-actions [aria-haspopup=menu]`)?.focus();
    }
  };

  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    uploads.add(event.dataTransfer?.files ?? []);
  };
  const onPaste = (event: ClipboardEvent) => {
    const pasted = event.clipboardData?.files;
    if (!pasted || pasted.length === 0) return;
    event.preventDefault();
    uploads.add(pasted);
  };

  return (
    <div class="composer-wrap">
      {open && (
        <ul class="suggestions" role="listbox" aria-label={t('composer.suggestions')}>
          {suggestions.map((suggestion, at) => (
            <li key={suggestion.insert} role="option" aria-selected={at === chosen} class={at === chosen ? 'suggestion chosen' : 'suggestion'} onMouseDown={(event) => { event.preventDefault(); choose(at); }}>
              {suggestion.userId && <Avatar userId={suggestion.userId} size={24} presence />}
              {suggestion.character && <span class="emoji">{suggestion.character}</span>}
              <span>{suggestion.title}</span>
              <small>{suggestion.detail}</small>
            </li>
          ))}
        </ul>
      )}
      <div class={over ? 'composer over' : 'composer'} onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)} onDrop={onDrop}>
        <UploadList files={files} running={uploads.running} remove={(id) => changeDraft(place, (draft) => ({ files: draft.files.filter((file) => file.id !== id) }))} cancel={uploads.cancel} />
        <textarea
          ref={area}
          rows={1}
          dir="auto"
          aria-label={label}
          placeholder={placeholder}
          value={text}
          maxLength={16383}
          onInput={onInput}
          onKeyDown={onKey}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
          onPaste={onPaste}
        />
        <div class="composer-bar">
          <input ref={picker} type="file" multiple hidden aria-label={rootId ? t('composer.filesReply') : t('composer.files')} onChange={(event) => { uploads.add(event.currentTarget.files ?? []); event.currentTarget.value = ''; }} />
          <button type="button" class="icon-button" aria-label={t('composer.attach')} title={t('composer.attach')} onClick={() => picker.current?.click()}>
            <Icon name="clip" />
          </button>
          <div class="menu-box">
            <button type="button" class="icon-button" aria-label={t('composer.emoji')} title={t('composer.emoji')} onClick={() => setEmoji(!emoji)}>
              <Icon name="smile" />
            </button>
            {emoji && <EmojiPicker up close={() => setEmoji(false)} pick={(name) => { setEmoji(false); insert(emojiCharacter(name) ?? `:${name}:`); }} />}
          </div>
          {!rootId && <PriorityMenu value={priority} onChange={(next) => changeDraft(place, () => ({ priority: next }))} />}
          {!isStandard(priority) && <PriorityTag value={priority} />}
          <span class="grow" />
          <button type="button" class="icon-button send" aria-label={rootId ? t('composer.sendReply') : t('composer.sendMessage')} title={t('composer.send')} disabled={!ready} onClick={send}>
            <Icon name="send" />
          </button>
        </div>
      </div>
      <TypingLine place={place} />
    </div>
  );
}
