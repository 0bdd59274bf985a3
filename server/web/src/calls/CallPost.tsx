import type { Post } from '@mattermost/types/posts';
import { useEffect, useState } from 'preact/hooks';
import { t } from '../locale/locale';
import { missing } from '../services/services';
import { displayName, users, wantUsers } from '../store/users';
import { Avatar } from '../ui/Avatar';
import { Icon } from '../ui/Icon';
import { clock, duration } from '../ui/time';
import { leaveCall, requestJoin } from './actions';
import { activeCalls, mySession } from './calls';

/** The post of a call: who is in it while it runs, how long it took afterwards. */
export function CallPost({ post }: { post: Post }) {
  const endAt = Number(post.props?.end_at ?? 0);
  const startAt = Number(post.props?.start_at ?? post.create_at);
  return endAt > 0 ? <Ended post={post} startAt={startAt} endAt={endAt} /> : <Running post={post} startAt={startAt} />;
}

function Running({ post, startAt }: { post: Post; startAt: number }) {
  const call = activeCalls.value[post.channel_id];
  const inThis = mySession.value?.channelId === post.channel_id;
  const away = missing('rtcd');
  const people = [...new Set(call?.sessions.map((session) => session.userId) ?? [])];
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 5_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <div class="call-post">
      <span class="call-mark live">
        <Icon name="phone" size={20} />
      </span>
      <span class="pick-text">
        <strong>{post.message || 'A call has started'}</strong>
        <small>
          Since {clock(startAt)} · {duration(now - startAt)}
        </small>
      </span>
      <span class="avatar-row" title={people.map((id) => displayName(users.value[id])).join(', ')}>
        {people.slice(0, 5).map((id) => (
          <Avatar key={id} userId={id} size={26} />
        ))}
        {people.length > 5 && <span class="hint">+{people.length - 5}</span>}
      </span>
      {inThis ? (
        <button type="button" class="button" onClick={leaveCall}>
          Leave
        </button>
      ) : (
        <button type="button" class="button primary" disabled={away !== ''} title={away} aria-label={t('call.join')} onClick={() => void requestJoin(post.channel_id)}>
          {t('call.join')}
        </button>
      )}
    </div>
  );
}

function Ended({ post, startAt, endAt }: { post: Post; startAt: number; endAt: number }) {
  const people = (Array.isArray(post.props?.participants) ? post.props.participants : []) as string[];
  wantUsers(people);
  return (
    <div class="call-post ended">
      <span class="call-mark">
        <Icon name="hangup" size={20} filled />
      </span>
      <span class="pick-text">
        <strong>Call ended</strong>
        <small>
          {clock(startAt)} – {clock(endAt)} · lasted {duration(endAt - startAt)}
        </small>
      </span>
      <span class="avatar-row" title={people.map((id) => displayName(users.value[id])).join(', ')}>
        {people.slice(0, 5).map((id) => (
          <Avatar key={id} userId={id} size={26} />
        ))}
      </span>
    </div>
  );
}
