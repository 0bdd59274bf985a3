import { describe, expect, it } from 'vitest';
import { isOnlyEmoji, renderMarkdown, type Scope } from './markdown';

const scope: Scope = {
  me: 'ann',
  isUser: (name) => ['ann', 'bob', 'c.d'].includes(name),
  channel: (name) => (name === 'town-square' ? { title: 'Town Square', href: '/t/channels/town-square' } : null),
  group: (name) => ({ nurses: { title: 'Nurses', mine: true }, doctors: { title: 'Doctors', mine: false } })[name] ?? null,
  origin: 'https://chat.example',
  userHref: (name) => `/t/messages/@${name}`,
};
const html = (text: string) => renderMarkdown(text, scope).trim();

describe('messages', () => {
  it('shows markup of people as text, never as markup', () => {
    expect(html('<img src=x onerror=alert(1)>')).not.toContain('<img');
    expect(html('[x](javascript:alert(1))')).not.toContain('href="javascript');
  });

  it('breaks lines where people broke them', () => {
    expect(html('one\ntwo')).toBe('<p>one<br>\ntwo</p>');
  });

  it('knows groups, and lights up those of the reader', () => {
    expect(html('hi @nurses.')).toContain('<span class="mention mention-me" title="Nurses">@nurses</span>.');
    expect(html('@doctors')).toContain('<span class="mention" title="Doctors">');
    expect(html('@nobody')).not.toContain('mention');
  });

  it('opens links of the site here and all others in a new window', () => {
    expect(html('https://chat.example/core/pl/p1')).not.toContain('_blank');
    expect(html('https://chat.example/api/v4/files/f1')).toContain('_blank');
    expect(html('https://chat.example.evil/x')).toContain('_blank');
  });

  it('lights up a mention of the reader and links others', () => {
    expect(html('@ann')).toContain('mention-me');
    expect(html('hi @bob!')).toContain('<a class="mention" href="/t/messages/@bob">@bob</a>!');
    expect(html('ask @bob.')).toContain('@bob</a>.');
    expect(html('@c.d')).toContain('@c.d</a>');
  });

  it('leaves addresses and unknown names alone', () => {
    expect(html('mail bob@bob')).not.toContain('mention');
    expect(html('@nobody')).toBe('<p>@nobody</p>');
    expect(html('`@bob`')).toContain('<code>@bob</code>');
  });

  it('links known channels by their title', () => {
    expect(html('see ~town-square')).toContain('>~Town Square</a>');
    expect(html('~~gone~~')).toContain('<s>gone</s>');
  });

  it('draws emoji and opens foreign links in a new tab', () => {
    expect(html(':tada:')).toContain('🎉');
    expect(html(':no_such:')).toBe('<p>:no_such:</p>');
    expect(html('https://example.org')).toContain('target="_blank" rel="noopener noreferrer"');
  });

  it('does not load pictures of other servers', () => {
    expect(html('![x](https://example.org/a.png)')).not.toContain('<img');
  });
});

describe('large emoji', () => {
  it('needs a message of emoji only', () => {
    expect(isOnlyEmoji(':tada: 👍')).toBe(true);
    expect(isOnlyEmoji('ok 👍')).toBe(false);
    expect(isOnlyEmoji('12')).toBe(false);
    expect(isOnlyEmoji('')).toBe(false);
  });
});
