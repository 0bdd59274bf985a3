import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../locale/locale';
import { Composer } from '../posts/Composer';
import { Post } from '../posts/Post';
import { channelTitle } from '../channels/title';
import { channels } from '../store/channels';
import { closePanel } from '../store/panel';
import { posts, threads } from '../store/posts';
import { startsGroup } from '../store/timeline';
import { agentActions } from '../agents/actions';
import { Icon } from '../ui/Icon';
import { Menu } from '../ui/Menu';
import { PanelFrame } from '../ui/PanelFrame';
import { ErrorNote, Spinner } from '../ui/states';
import { loadThread } from './load';

/** A root message with its replies, and where to answer. */
export function ThreadPanel({ rootId }: { rootId: string }) {
  const thread = threads.value[rootId];
  const root = posts.value[rootId];
  const box = useRef<HTMLDivElement>(null);
  const ids = thread?.ids ?? (root ? [rootId] : []);
  const count = Math.max(0, ids.length - 1);
  useEffect(() => void loadThread(rootId), [rootId]);
  useEffect(() => {
    // The root was deleted while the thread was open.
    if (thread?.state === 'ready' && !root) closePanel();
  }, [thread?.state, root === undefined]);
  useLayoutEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [ids.length]);
  const channel = root && channels.value[root.channel_id];
  const items = root ? agentActions(root) : [];
  return (
    <PanelFrame
      title={t('thread.title')}
      subtitle={channel ? channelTitle(channel) : ''}
      actions={
        items.length > 0 && (
          <Menu label={t('thread.ai')} align="right" items={items}>
            <Icon name="spark" />
          </Menu>
        )
      }
    >
      <div class="panel-scroll" ref={box} role="log" aria-label={t('thread.messages')} tabIndex={0}>
        {thread?.state === 'failed' && <ErrorNote text={thread.error} retry={() => void loadThread(rootId)} />}
        {ids
          .filter((id) => posts.value[id])
          .map((id, at) => (
            <div key={posts.value[id].pending_post_id || id}>
              <Post post={posts.value[id]} inThread grouped={at > 1 && !startsGroup(posts.value[ids[at - 1]], posts.value[id])} />
              {id === rootId && count > 0 && <div class="reply-count">{t('post.replies', { count })}</div>}
            </div>
          ))}
        {(!thread || thread.state === 'loading') && <Spinner label={t('thread.loading')} />}
      </div>
      {root && <Composer channelId={root.channel_id} rootId={rootId} label={t('composer.reply')} placeholder={t('composer.replyHint')} />}
    </PanelFrame>
  );
}
