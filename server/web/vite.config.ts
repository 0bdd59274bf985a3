import { defineConfig } from 'vite';
import { emojiFont } from './build/emoji-font.ts';
import { emojiTable } from './build/emoji-table.ts';

const server = process.env.MUSTER_URL ?? 'http://127.0.0.1:8065';

export default defineConfig({
  plugins: [emojiTable(), emojiFont()],
  build: {
    target: 'es2022',
    // The content security policy allows no data: scripts or styles; small images stay files too.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/api': { target: server, ws: true },
      '/plugins': { target: server },
    },
  },
});
