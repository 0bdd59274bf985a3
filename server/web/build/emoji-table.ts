// Turns the emoji data set into the small table the client ships: [group, character, names][].
// Built once by Vite, so that the browser never loads the full half-megabyte data set.
import { createRequire } from 'node:module';
import type { Plugin } from 'vite';

const MODULE = 'virtual:emoji-table';
const RESOLVED = '\0' + MODULE;

interface CompactEmoji {
  hexcode: string;
  unicode: string;
  group?: number;
  order?: number;
}

/** Vite plugin that serves `virtual:emoji-table`. Names are the iamcal short names, which Mattermost uses. */
export function emojiTable(): Plugin {
  return {
    name: 'emoji-table',
    resolveId: (id) => (id === MODULE ? RESOLVED : null),
    load(id) {
      if (id !== RESOLVED) return null;
      const require = createRequire(import.meta.url);
      const all = require('emojibase-data/en/compact.json') as CompactEmoji[];
      const names = require('emojibase-data/en/shortcodes/iamcal.json') as Record<string, string | string[]>;
      const rows = all
        .filter((emoji) => names[emoji.hexcode] !== undefined && emoji.group !== undefined && emoji.group !== 2)
        .sort((a, b) => (a.order ?? 0) - (b.order ?? 0))
        .map((emoji) => [emoji.group, emoji.unicode, [names[emoji.hexcode]].flat().join(' ')]);
      return `export default ${JSON.stringify(rows)};`;
    },
  };
}
