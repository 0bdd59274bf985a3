// A desktop notification when somebody speaks to the user and the page is not in front.
import type { Post } from '@mattermost/types/posts';
import { navigate } from '../routing/navigate';
import { permalinkPath } from '../routing/route';
import { currentTeam } from '../store/teams';
import { siteName } from '../store/session';

export function notify(post: Post, sender: string): void {
  if (!document.hidden || typeof Notification === 'undefined' || Notification.permission !== 'granted') return;
  const shown = new Notification(sender || siteName.value, { body: post.message.slice(0, 200), tag: post.id });
  shown.onclick = () => {
    focus();
    if (currentTeam.value) navigate(permalinkPath(currentTeam.value.name, post.id));
  };
}
