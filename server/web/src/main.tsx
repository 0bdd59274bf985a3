import { render } from 'preact';
import '@fontsource/noto-emoji/index.css';
import './ui/theme.css';
import './ui/layout.css';
import './ui/controls.css';
import './ui/pages.css';
import './posts/posts.css';
import './calls/calls.css';
import { App } from './App';
import { boot } from './auth/session';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
render(<App />, root);
void boot();
