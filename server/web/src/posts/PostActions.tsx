import type { Post } from '@mattermost/types/posts';
import { lazy } from 'preact/compat';
import { useState } from 'preact/hooks';
import { api } from '../api/client';
import { agentActions } from '../agents/actions';
import { EmojiPicker } from '../emoji/EmojiPicker';
import { t } from '../locale/locale';
import { permalinkPath } from '../routing/route';
import { openThread } from '../store/panel';
import { receivePosts } from '../store/posts';
import { isAdmin, myId } from '../store/session';
import { currentTeam } from '../store/teams';
import { copyText } from '../ui/copy';
import { confirmDialog, dialog } from '../ui/Dialog';
import { Icon } from '../ui/Icon';
import { Menu, type MenuItem } from '../ui/Menu';
import { opensAbove } from '../ui/room';
import { attempt, say } from '../ui/states';
import { kindOfPost } from './kind';
import { deletePost, toggleReaction } from './send';

const ReminderDialog = lazy(() => import('./ReminderDialog'));

const PICKER_HEIGHT = 390;

/** The bar that appears over a message. */
export function PostActions({ post, edit, inThread }: { post: Post; edit: () => void; inThread: boolean }) {
  const [picking, setPicking] = useState(false);
  const [above, setAbove] = useState(false);
  const mine = post.user_id === myId.value;
  const plain = ['', 'custom_translation'].includes(kindOfPost(post));
  const copyLink = async () => {
    const link = location.origin + permalinkPath(currentTeam.value?.name ?? '', post.id);
    say((await copyText(link)) ? t('team.linkCopied') : link);
  };
  const pin = () =>
    attempt(async () => {
      await (post.is_pinned ? api.unpinPost(post.id) : api.pinPost(post.id));
      receivePosts([{ ...post, is_pinned: !post.is_pinned }]);
    });
  const remove = () => confirmDialog(t('post.deleteAsk'), t('post.deleteText'), t('action.delete'), () => void attempt(() => deletePost(post)));
  const items: (MenuItem | null)[] = [
    { label: t('team.copyLink'), icon: 'link', run: () => void copyLink() },
    { label: t('post.copyText'), icon: 'file', run: () => void copyText(post.message).then((done) => say(done ? t('post.textCopied') : t('post.noCopy'))) },
    { label: post.is_pinned ? t('post.unpin') : t('post.pin'), icon: 'pin', run: () => void pin() },
    { label: t('post.remind'), icon: 'clock', run: () => (dialog.value = () => <ReminderDialog post={post} />) },
    ...agentActions(post),
    mine && plain ? { label: t('action.edit'), icon: 'edit', run: edit } : null,
    mine || isAdmin.value ? { label: t('action.delete'), icon: 'trash', run: remove, danger: true } : null,
  ];
  return (
    <div class={picking ? 'post-actions shown' : 'post-actions'} role="group" aria-label={t('post.actions')}>
      <div class="menu-box">
        <button type="button" class="icon-button" aria-label={t('post.react')} title={t('post.react')} aria-expanded={picking} onClick={(event) => { setAbove(opensAbove(event.currentTarget, PICKER_HEIGHT)); setPicking(!picking); }}>
          <Icon name="smile" />
        </button>
        {picking && (
          <EmojiPicker
            up={above}
            close={() => setPicking(false)}
            pick={(name) => {
              setPicking(false);
              void attempt(() => toggleReaction(post, name));
            }}
          />
        )}
      </div>
      {!inThread && (
        <button type="button" class="icon-button" aria-label={t('post.replyInThread')} title={t('post.replyInThread')} onClick={() => openThread(post.root_id || post.id)}>
          <Icon name="reply" />
        </button>
      )}
      <Menu label={t('post.more')} align="right" items={items}>
        <Icon name="more" />
      </Menu>
    </div>
  );
}
