// The timeline of a channel: newest at the bottom, older pages load at the top.
import type { ServerChannel as Channel } from '@mattermost/types/channels';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { channelTitle } from '../channels/title';
import { t } from '../locale/locale';
import { posts, timelines } from '../store/posts';
import { highlighted } from '../store/panel';
import { myId } from '../store/session';
import { firstUnread, startsDay, startsGroup } from '../store/timeline';
import { dayName } from '../ui/time';
import { Empty, ErrorNote, Spinner, attempt } from '../ui/states';
import { Icon } from '../ui/Icon';
import { lastViewed, loadLatest, loadNewer, loadOlder } from './load';
import { Post } from './Post';

/** How close to an edge (px) the next page starts loading, and what still counts as "at the bottom". */
const EDGE_PX = 300;
const BOTTOM_PX = 60;

export function PostList({ channel }: { channel: Channel }) {
  const timeline = timelines.value[channel.id];
  const box = useRef<HTMLDivElement>(null);
  const atBottom = useRef(true);
  const loading = useRef(false);
  const anchor = useRef<{ height: number; top: number } | null>(null);
  const [away, setAway] = useState(false);
  const viewedAt = useMemo(() => lastViewed(channel.id), [channel.id]);
  const ids = timeline?.ids ?? [];
  const all = posts.value;
  const unreadFrom = useMemo(() => firstUnread(ids, all, viewedAt, myId.value), [channel.id, timeline?.state, ids[0]]);
  const target = highlighted.value;

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    if (anchor.current) {
      // A page was added on top: what was visible stays where it was.
      element.scrollTop = anchor.current.top + element.scrollHeight - anchor.current.height;
      anchor.current = null;
    } else if (atBottom.current && !target) {
      element.scrollTop = element.scrollHeight;
    }
  }, [ids.length, ids.at(-1), all]);

  useLayoutEffect(() => {
    if (!target || !ids.includes(target)) return;
    atBottom.current = false;
    box.current?.querySelector(`[data-post-id="${target}"]`)?.scrollIntoView({ block: 'center' });
    const timer = setTimeout(() => (highlighted.value = ''), 2_500);
    return () => clearTimeout(timer);
  }, [target, ids.length]);

  useEffect(() => {
    // Images and players change heights after they load: stay at the bottom if we were there.
    const element = box.current;
    if (!element?.firstElementChild) return;
    const observer = new ResizeObserver(() => {
      if (atBottom.current && !highlighted.value) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element.firstElementChild);
    observer.observe(element);
    return () => observer.disconnect();
  }, [timeline?.state]);

  const onScroll = () => {
    const element = box.current;
    const timeline = timelines.value[channel.id];
    if (!element || !timeline) return;
    const below = element.scrollHeight - element.scrollTop - element.clientHeight;
    atBottom.current = below < BOTTOM_PX && !timeline.hasNewer;
    setAway(below > 600 || timeline.hasNewer);
    if (loading.current) return;
    if (element.scrollTop < EDGE_PX && timeline.hasOlder) void page('older');
    else if (below < EDGE_PX && timeline.hasNewer) void page('newer');
  };

  const page = async (which: 'older' | 'newer') => {
    loading.current = true;
    const done = await attempt(async () => {
      if (which === 'newer') return loadNewer(channel.id);
      const element = box.current;
      await loadOlder(channel.id, () => {
        if (element) anchor.current = { height: element.scrollHeight, top: element.scrollTop };
      });
    });
    loading.current = false;
    // Still at the edge: no scroll event will come.
    if (done) requestAnimationFrame(onScroll);
  };

  // A first page shorter than the window cannot be scrolled: fetch the next one at once.
  useEffect(() => {
    const element = box.current;
    if (element && timeline?.state === 'ready' && timeline.hasOlder && element.scrollHeight <= element.clientHeight && !loading.current) void page('older');
  }, [ids.length, timeline?.state]);

  const toEnd = () => {
    highlighted.value = '';
    atBottom.current = true;
    if (timeline?.hasNewer) void loadLatest(channel.id);
    else box.current?.scrollTo({ top: box.current.scrollHeight, behavior: 'smooth' });
  };

  if (!timeline || (timeline.state === 'loading' && ids.length === 0)) return <Spinner label={t('list.loading')} />;
  if (timeline.state === 'failed' && ids.length === 0) {
    return (
      <div class="center-note">
        <ErrorNote text={timeline.error} retry={() => void loadLatest(channel.id)} />
      </div>
    );
  }
  return (
    <div class="post-list-wrap">
      <div class="post-list" ref={box} onScroll={onScroll} role="log" aria-label={t('list.messagesIn', { channel: channelTitle(channel) })} tabIndex={0}>
        <div class="post-list-inner">
          {timeline.hasOlder ? <Spinner label={t('list.older')} /> : <Beginning channel={channel} />}
          {ids.map((id, at) => {
            const post = all[id];
            const previous = all[ids[at - 1]];
            const newDay = startsDay(previous, post);
            return (
              <div key={post.pending_post_id || id} class="post-slot">
                {newDay && (
                  <div class="day-line" role="separator">
                    <span>{dayName(post.create_at)}</span>
                  </div>
                )}
                {id === unreadFrom && (
                  <div class="new-line" role="separator">
                    <span>{t('list.new')}</span>
                  </div>
                )}
                <Post post={post} grouped={!newDay && id !== unreadFrom && !startsGroup(previous, post)} lit={id === target} />
              </div>
            );
          })}
        </div>
      </div>
      {away && (
        <button type="button" class="to-end" onClick={toEnd}>
          <Icon name="down" size={16} /> {t('list.latest')}
        </button>
      )}
    </div>
  );
}

function Beginning({ channel }: { channel: Channel }) {
  const title = channelTitle(channel);
  return (
    <Empty title={channel.type === 'D' || channel.type === 'G' ? title : t('list.welcome', { channel: title })}>
      {channel.purpose || (channel.type === 'D' ? t('list.onlyTwo') : t('list.start'))}
    </Empty>
  );
}
