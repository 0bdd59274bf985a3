import type { Post } from '@mattermost/types/posts';
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../locale/locale';
import { useForm } from '../ui/useForm';
import { ErrorNote } from '../ui/states';
import { writtenText } from './embeds';
import { editPost } from './send';

/** The message as an editable text in place. Enter saves, Escape cancels. */
export function EditForm({ post, done }: { post: Post; done: () => void }) {
  const [text, setText] = useState(writtenText(post));
  const area = useRef<HTMLTextAreaElement>(null);
  const { busy, error, onSubmit } = useForm(async () => {
    if (text.trim() && text !== writtenText(post)) await editPost(post.id, text);
    done();
  });
  useEffect(() => {
    area.current?.focus();
    area.current?.setSelectionRange(text.length, text.length);
  }, []);
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Escape') done();
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) void onSubmit(event);
  };
  return (
    <form class="edit-form" onSubmit={onSubmit} aria-label={t('post.editForm')}>
      {error && <ErrorNote text={error} />}
      <textarea ref={area} rows={Math.min(12, text.split('\n').length + 1)} aria-label={t('post.editForm')} value={text} onInput={(event) => setText(event.currentTarget.value)} onKeyDown={onKey} />
      <div class="row">
        <button type="submit" class="button primary small" disabled={busy || !text.trim()}>
          {t('action.save')}
        </button>
        <button type="button" class="button small" onClick={done}>
          {t('action.cancel')}
        </button>
        <small class="hint">{t('post.editHint')}</small>
      </div>
    </form>
  );
}
