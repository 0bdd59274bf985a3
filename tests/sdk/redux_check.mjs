// A day's work of a client on mattermost-redux: its store, actions and selectors: redux_check.mjs SITE_URL
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

// The library is CommonJS, and made for a bundler: its folders are no modules for import().
const require = createRequire(import.meta.url);
const redux = (path) => require(`mattermost-redux/${path}`);
// What it takes for granted in a browser.
globalThis.self ??= globalThis;
globalThis.window ??= globalThis;

const url = process.argv[2];
const who = `redux${Date.now().toString(36)}`;
const password = 'Correct-horse-9';
const { Client4 } = redux('client');
const configureStore = redux('store').default;
Client4.setUrl(url);
await Client4.createUser({ email: `${who}@site.example`, username: who, password }, '', '');
await Client4.login(who, password);
const store = configureStore({ appReducers: {} });
const state = () => store.getState();
let passed = 0;
/** Dispatches an action; what it gives, or its error. */
const does = async (action) => {
  const { data, error } = await store.dispatch(action);
  if (error) throw error;
  passed += 1;
  return data;
};

const users = redux('actions/users');
const teams = redux('actions/teams');
const channels = redux('actions/channels');
const posts = redux('actions/posts');
const general = redux('actions/general');
const integrations = redux('actions/integrations');

await does(general.getClientConfig());
assert.equal(state().entities.general.config.EnableIncomingWebhooks, 'true');
await does(users.getMe());
const me = redux('selectors/entities/users').getCurrentUser(state());
assert.equal(me.username, who);
const team = await does(teams.createTeam({ name: who, display_name: 'Redux', type: 'O' }));
await store.dispatch(teams.selectTeam(team));
const channel = await does(channels.createChannel({ team_id: team.id, name: 'ops', display_name: 'Ops', type: 'O' }, me.id));
await does(channels.fetchChannelsAndMembers(team.id));
const known = redux('selectors/entities/channels').getChannelByName(state(), 'ops');
assert.equal(known.id, channel.id);
const post = await Client4.createPost({ channel_id: channel.id, message: 'Hello from a store', user_id: me.id, pending_post_id: `${me.id}:${Date.now()}` });
await does(posts.getPosts(channel.id));
assert.equal(redux('selectors/entities/posts').getPost(state(), post.id).message, 'Hello from a store');
await does(posts.addReaction(post.id, 'tada'));
await does(posts.pinPost(post.id));

const hook = await does(integrations.createIncomingHook({ channel_id: channel.id, display_name: 'CI' }));
assert.equal(state().entities.integrations.incomingHooks[hook.id].display_name, 'CI');
const told = await fetch(`${url}/hooks/${hook.id}`, { method: 'POST', body: JSON.stringify({ text: 'built', attachments: [{ text: 'in 5 s' }] }) });
assert.equal(await told.text(), 'ok');
await does(posts.getPosts(channel.id));
const shown = Object.values(state().entities.posts.posts).find((p) => p.message === 'built');
assert.deepEqual([shown.props.from_webhook, shown.metadata.embeds[0].type], ['true', 'message_attachment']);
await does(integrations.getIncomingHooks(team.id));
const command = await does(integrations.addCommand({ team_id: team.id, trigger: 'ship', method: 'P', url: 'http://bot.lan/ship', auto_complete: true }));
await does(integrations.getCustomTeamCommands(team.id));
assert.equal(state().entities.integrations.commands[command.id].trigger, 'ship');
await does(integrations.getAutocompleteCommands(team.id));
await does(integrations.executeCommand('/away', { channel_id: channel.id, team_id: team.id, root_id: '' }));
await does(integrations.deleteCommand(command.id));
await does(integrations.removeIncomingHook(hook.id));
assert.equal(state().entities.integrations.incomingHooks[hook.id], undefined);
await does(channels.deleteChannel(channel.id));
await Client4.logout();
console.log(`${passed} passed, 0 failed`);
process.exit(0);
