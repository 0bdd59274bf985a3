// The emoji font is a fallback for systems without one, loaded in pieces and only for characters in use.
// It is the outline font: not every browser build draws the vector colour format.
import type { Plugin } from 'vite';

const SOURCE = '@fontsource/noto-emoji/index.css';

/** Vite plugin that trims the font's style sheet: woff2 only, under a name that no installed font has. */
export function emojiFont(): Plugin {
  return {
    name: 'emoji-font',
    enforce: 'pre',
    transform(code, id) {
      if (!id.includes(SOURCE)) return null;
      return code
        .replace(/,\s*url\([^)]*\.woff\)\s*format\('woff'\)/g, '')
        .replace(/font-family: 'Noto Emoji'/g, "font-family: 'Emoji Fallback'");
    },
  };
}
