// Mattermost's Markdown: CommonMark with tables and strike-through, single line breaks,
// @mentions, ~channels, #hashtags and :emoji:. Raw HTML is shown as text.
import MarkdownIt from 'markdown-it';
import type { StateInline } from 'markdown-it';
import { emojiCharacter } from '../emoji/emoji';

/** What the text can refer to. */
export interface Scope {
  /** Username of the reader, whose mentions are lit up. */
  me: string;
  /** True for names that belong to somebody. */
  isUser: (name: string) => boolean;
  /** Display name and address of a channel by its name; null when unknown. */
  channel: (name: string) => { title: string; href: string } | null;
  /** A group that can be mentioned; null when there is none of that name. */
  group: (name: string) => { title: string; mine: boolean } | null;
  /** The site's own address: its links stay in this window. */
  origin: string;
  /** Where a mention leads. */
  userHref: (name: string) => string;
}

const SPECIAL = new Set(['all', 'channel', 'here']);

const md = new MarkdownIt({ html: false, linkify: true, breaks: true, typographer: false });
md.linkify.set({ fuzzyEmail: false });

function pushTag(state: StateInline, tag: string, attributes: [string, string][], text: string): void {
  const open = state.push(`${tag}_open`, tag, 1);
  open.attrs = attributes;
  state.push('text', '', 0).content = text;
  state.push(`${tag}_close`, tag, -1);
}

/** True when the character before `pos` lets a mention begin: nothing, a space or punctuation. */
function atWordStart(state: StateInline): boolean {
  return state.pos === 0 || /[\s(["'*_~>,;:!?/-]/.test(state.src[state.pos - 1]);
}

function matchHere(state: StateInline, pattern: RegExp): RegExpExecArray | null {
  pattern.lastIndex = state.pos;
  return pattern.exec(state.src);
}

const MENTION = /@([a-z0-9][a-z0-9._-]*)/iy;
const CHANNEL = /~([a-z0-9][a-z0-9_-]*)/iy;
const HASHTAG = /#(\p{L}[\p{L}\p{N}_.-]{2,})/uy;
const EMOJI = /:([a-z0-9_+-]+):/iy;

md.inline.ruler.before('emphasis', 'mention', (state, silent) => {
  if (state.src[state.pos] !== '@' || !atWordStart(state)) return false;
  const found = matchHere(state, MENTION);
  if (!found) return false;
  const scope = state.env as unknown as Scope;
  // "@ann." ends a sentence: the dot belongs to the name only if somebody is called so.
  let name = found[1].toLowerCase();
  const isKnown = (word: string) => SPECIAL.has(word) || scope.isUser(word) || scope.group(word) !== null;
  while (!isKnown(name) && /[._-]$/.test(name)) name = name.slice(0, -1);
  if (!isKnown(name)) return false;
  if (!silent) {
    const leads = scope.isUser(name) && !SPECIAL.has(name);
    const group = leads ? null : scope.group(name);
    const mine = name === scope.me || SPECIAL.has(name) || group?.mine === true;
    const attributes: [string, string][] = [['class', mine ? 'mention mention-me' : 'mention']];
    if (leads) attributes.push(['href', scope.userHref(name)]);
    if (group) attributes.push(['title', group.title]);
    pushTag(state, leads ? 'a' : 'span', attributes, state.src.slice(state.pos, state.pos + name.length + 1));
  }
  state.pos += name.length + 1;
  return true;
});

md.inline.ruler.before('emphasis', 'channel', (state, silent) => {
  if (state.src[state.pos] !== '~' || !atWordStart(state)) return false;
  const found = matchHere(state, CHANNEL);
  const target = found && (state.env as unknown as Scope).channel(found[1].toLowerCase());
  if (!found || !target) return false;
  if (!silent) pushTag(state, 'a', [['class', 'mention'], ['href', target.href]], `~${target.title}`);
  state.pos += found[0].length;
  return true;
});

md.inline.ruler.before('emphasis', 'hashtag', (state, silent) => {
  if (state.src[state.pos] !== '#' || !atWordStart(state)) return false;
  const found = matchHere(state, HASHTAG);
  if (!found) return false;
  if (!silent) pushTag(state, 'a', [['class', 'hashtag'], ['data-hashtag', found[0]], ['href', '#']], found[0]);
  state.pos += found[0].length;
  return true;
});

md.inline.ruler.before('emphasis', 'emoji', (state, silent) => {
  if (state.src[state.pos] !== ':') return false;
  const found = matchHere(state, EMOJI);
  const character = found && emojiCharacter(found[1].toLowerCase());
  if (!found || !character) return false;
  if (!silent) pushTag(state, 'span', [['class', 'emoji'], ['title', found[0]], ['role', 'img'], ['aria-label', found[1]]], character);
  state.pos += found[0].length;
  return true;
});

// The text rule swallows everything up to a character it knows: ours have to be among them.
const TEXT_STOPS = /[\n!#$%&*+\-:<=>@[\\\]^_`{}~]|(?:https?|ftp):\/\//g;
md.inline.ruler.at('text', (state, silent) => {
  TEXT_STOPS.lastIndex = state.pos;
  const stop = TEXT_STOPS.exec(state.src);
  const end = stop ? stop.index : state.posMax;
  if (end === state.pos) return false;
  if (!silent) state.pending += state.src.slice(state.pos, end);
  state.pos = end;
  return true;
});

const openLink = md.renderer.rules.link_open ?? ((tokens, at, options, _env, self) => self.renderToken(tokens, at, options));
/** A page of this client; files and plugins are none. */
function isOwnPage(href: string, origin: string): boolean {
  return origin !== '' && href.startsWith(`${origin}/`) && !/^\/(api|plugins)\//.test(href.slice(origin.length));
}

md.renderer.rules.link_open = (tokens, at, options, env, self) => {
  const href = String(tokens[at].attrGet('href') ?? '');
  if (/^https?:/i.test(href) && !isOwnPage(href, (env as unknown as Scope).origin)) {
    tokens[at].attrSet('target', '_blank');
    tokens[at].attrSet('rel', 'noopener noreferrer');
  }
  return openLink(tokens, at, options, env, self);
};

// Images of other servers would tell them who reads: they are links.
md.renderer.rules.image = (tokens, at) => {
  const source = String(tokens[at].attrGet('src') ?? '');
  const escape = md.utils.escapeHtml;
  return `<a href="${escape(source)}" target="_blank" rel="noopener noreferrer">${escape(tokens[at].content || source)}</a>`;
};

/** HTML of a message. It still goes through the sanitiser before it reaches the page. */
export function renderMarkdown(text: string, scope: Scope): string {
  return md.render(text, scope as unknown as Record<string, unknown>);
}

/** True when the message is nothing but up to eight emoji, which are drawn large. */
export function isOnlyEmoji(text: string): boolean {
  const words = text.trim().split(/\s+/);
  return (
    text.trim() !== '' &&
    words.length <= 8 &&
    words.every((word) => {
      const named = /^:([a-z0-9_+-]+):$/i.exec(word);
      return named ? emojiCharacter(named[1]) !== undefined : /^(\p{Extended_Pictographic}|\p{Emoji_Component})+$/u.test(word) && !/^\d+$/.test(word);
    })
  );
}
