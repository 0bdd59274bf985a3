import DOMPurify from 'dompurify';
import { useMemo } from 'preact/hooks';
import { groups } from '../groups/groups';
import { followLink } from '../routing/navigate';
import { channelPath, messagesPath } from '../routing/route';
import { channels } from '../store/channels';
import { me } from '../store/session';
import { panel } from '../store/panel';
import { currentTeam } from '../store/teams';
import { users } from '../store/users';
import { renderMarkdown, isOnlyEmoji, type Scope } from './markdown';

function scope(): Scope {
  const team = currentTeam.value;
  const names = new Set(Object.values(users.value).map((user) => user.username));
  return {
    me: me.value?.username ?? '',
    isUser: (name) => names.has(name),
    group: (name) => groups.value[name] ?? null,
    origin: location.origin,
    userHref: (name) => messagesPath(team?.name ?? '', `@${name}`),
    channel: (name) => {
      const found = Object.values(channels.value).find((channel) => channel.team_id === team?.id && channel.name === name);
      return found && team ? { title: found.display_name, href: channelPath(team.name, name) } : null;
    },
  };
}

function onClick(event: MouseEvent): void {
  const tag = (event.target as Element).closest<HTMLElement>('a[data-hashtag]')?.dataset.hashtag;
  if (!tag) return followLink(event);
  event.preventDefault();
  panel.value = { kind: 'search', terms: tag };
}

/** A message as people wrote it. */
export function Markdown({ text }: { text: string }) {
  // Names become known after messages do; the text is drawn again then.
  const known = users.value;
  const rooms = channels.value;
  const crowds = groups.value;
  const html = useMemo(
    () => DOMPurify.sanitize(renderMarkdown(text, scope()), { ADD_ATTR: ['target'] }),
    [text, known, rooms, crowds],
  );
  return <div dir="auto" class={isOnlyEmoji(text) ? 'markdown jumbo' : 'markdown'} onClick={onClick} dangerouslySetInnerHTML={{ __html: html }} />;
}
