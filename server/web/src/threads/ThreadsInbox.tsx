import type { UserThread } from '@mattermost/types/threads';
import type { Post } from '@mattermost/types/posts';
import { useEffect, useState } from 'preact/hooks';
import { api, errorText } from '../api/client';
import { channelTitle } from '../channels/title';
import { t } from '../locale/locale';
import { channels } from '../store/channels';
import { drawerOpen, openThread, panel } from '../store/panel';
import { myId } from '../store/session';
import { currentTeam } from '../store/teams';
import { displayName, users, wantUsers } from '../store/users';
import { Avatar } from '../ui/Avatar';
import { Icon } from '../ui/Icon';
import { Empty, ErrorNote, Spinner } from '../ui/states';
import { dayName, clock } from '../ui/time';

type Thread = UserThread & { post: Post };

/** Threads the user follows, the most recent first. */
export function ThreadsInbox() {
  const team = currentTeam.value;
  const [list, setList] = useState<Thread[] | null>(null);
  const [error, setError] = useState('');
  const load = () => {
    if (!team) return;
    setError('');
    api.getUserThreads(myId.value, team.id, { perPage: 50, extended: false, deleted: false, unread: false, totalsOnly: false, threadsOnly: false }).then(
      (answer) => {
        const threads = (answer.threads ?? []) as Thread[];
        wantUsers(threads.map((thread) => thread.post.user_id));
        setList(threads);
      },
      (cause) => setError(errorText(cause)),
    );
  };
  useEffect(load, [team?.id]);
  const open = (thread: Thread) => {
    openThread(thread.id);
    setList((old) => old?.map((known) => (known.id === thread.id ? { ...known, unread_replies: 0, unread_mentions: 0 } : known)) ?? null);
    if (team) {
      void api.updateThreadReadForUser(myId.value, team.id, thread.id, Date.now()).catch(() => {
        // The count comes back with the next load.
      });
    }
  };
  return (
    <>
      <header class="channel-head">
        <button type="button" class="icon-button drawer-button" aria-label={t('app.openChannelList')} onClick={() => (drawerOpen.value = true)}>
          <Icon name="menu" />
        </button>
        <div class="channel-title">
          <h1>{t('sidebar.threads')}</h1>
        </div>
      </header>
      <div class="panel-scroll">
        {error && <ErrorNote text={error} retry={load} />}
        {!list && !error && <Spinner />}
        {list?.length === 0 && <Empty title={t('thread.none')}>{t('thread.noneHint')}</Empty>}
        <ul class="thread-list">
          {list?.map((thread) => {
            const channel = channels.value[thread.post.channel_id];
            const active = panel.value?.kind === 'thread' && panel.value.rootId === thread.id;
            return (
              <li key={thread.id}>
                <button type="button" class={active ? 'thread-row active' : 'thread-row'} onClick={() => open(thread)}>
                  <Avatar userId={thread.post.user_id} size={32} />
                  <span class="pick-text">
                    <small>
                      {t('thread.in', { name: displayName(users.value[thread.post.user_id]), channel: channel ? channelTitle(channel) : t('thread.aChannel') })}
                    </small>
                    <span class="clip">{thread.post.message || t('thread.aFile')}</span>
                    <small>
                      {t('post.replies', { count: thread.reply_count })} · {dayName(thread.last_reply_at)} {clock(thread.last_reply_at)}
                    </small>
                  </span>
                  {thread.unread_replies > 0 && <span class="badge">{thread.unread_replies}</span>}
                </button>
              </li>
            );
          })}
        </ul>
      </div>
    </>
  );
}
