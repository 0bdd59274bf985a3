import type { Post } from '@mattermost/types/posts';
import { useState } from 'preact/hooks';
import { t } from '../locale/locale';
import { myId } from '../store/session';
import { displayName, users, wantUsers } from '../store/users';
import { Icon } from '../ui/Icon';
import { attempt } from '../ui/states';
import { fullTime } from '../ui/time';
import { toggleAcknowledgement } from './acknowledge';
import { priorityOf } from './priority';

/** How long the server lets one take a confirmation back. */
const TAKE_BACK_MS = 5 * 60_000;

/** A button to confirm that one has read the message, and who has. */
export function Acknowledgements({ post }: { post: Post }) {
  const [open, setOpen] = useState(false);
  const list = post.metadata?.acknowledgements ?? [];
  if (!priorityOf(post).requested_ack) return null;
  const mine = list.find((one) => one.user_id === myId.value);
  const isAuthor = post.user_id === myId.value;
  const final = mine !== undefined && Date.now() - mine.acknowledged_at > TAKE_BACK_MS;
  const show = () => {
    wantUsers(list.map((one) => one.user_id));
    setOpen(!open);
  };
  return (
    <div class="acknowledgements">
      {!isAuthor && (
        <button type="button" class={mine ? 'button small acknowledged' : 'button small primary'} aria-pressed={mine !== undefined} disabled={final} onClick={() => void attempt(() => toggleAcknowledgement(post, mine))}>
          <Icon name="check" size={14} /> {mine ? t('ack.done') : t('ack.do')}
        </button>
      )}
      {list.length > 0 ? (
        <button type="button" class="link" aria-expanded={open} onClick={show}>
          {t('ack.count', { count: list.length })}
        </button>
      ) : (
        isAuthor && <span class="hint">{t('ack.nobody')}</span>
      )}
      {open && list.length > 0 && (
        <ul aria-label={t('ack.by')}>
          {list.map((one) => (
            <li key={one.user_id}>
              {displayName(users.value[one.user_id])} <small class="hint">{fullTime(one.acknowledged_at)}</small>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
