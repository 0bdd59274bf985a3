import type { Bot } from '@mattermost/types/bots';
import { useState } from 'preact/hooks';
import { api } from '../api/client';
import { TokensSection } from '../security/TokensSection';
import { channels } from '../store/channels';
import { may } from '../store/permissions';
import { displayName, users, wantUsers } from '../store/users';
import { CopyField } from '../ui/CopyField';
import { confirmDialog } from '../ui/Dialog';
import { Field } from '../ui/Field';
import { attempt, say } from '../ui/states';
import { ChannelField } from './ChannelField';
import { curl } from './curl';
import { Example } from './Example';
import { enabled, siteUrl, type FormProps, type Kind } from './kind';

const activate = (bot: Bot, active: boolean) => api.call(`/bots/${bot.user_id}/${active ? 'enable' : 'disable'}`, 'post');

export const bots: Kind<Bot> = {
  id: 'bots',
  title: 'Bot accounts',
  one: 'bot account',
  icon: 'spark',
  lead: 'An account that a program uses: with a token it reads and writes in the channels that it is in.',
  allowed: () => enabled('EnableBotAccountCreation') && may('create_bot'),
  list: async (_, page, size) => {
    const list = await api.call<Bot[]>(`/bots?page=${page}&per_page=${size}&include_deleted=true`, 'get');
    wantUsers(list.map((bot) => bot.owner_id));
    return list;
  },
  key: (bot) => bot.user_id,
  name: (bot) => bot.display_name || bot.username,
  detail: (bot) => [`@${bot.username}`, bot.description, users.value[bot.owner_id] && `of ${displayName(users.value[bot.owner_id])}`].filter(Boolean).join(' · '),
  off: (bot) => bot.delete_at > 0,
  blank: () => ({ username: '', display_name: '', description: '' }) as Bot,
  create: (bot) => api.call<Bot>('/bots', 'post', bot),
  update: (bot) => api.patchBot(bot.user_id, { username: bot.username, display_name: bot.display_name ?? '', description: bot.description ?? '' }),
  more: (bot, reload) => {
    const set = (active: boolean) =>
      void attempt(() => activate(bot, active)).then((went) => {
        reload();
        if (went) say(active ? `@${bot.username} works again.` : `@${bot.username} is deactivated.`, 'info', active ? undefined : { label: 'Undo', run: () => set(true) });
      });
    if (bot.delete_at > 0) return [{ label: 'Activate', icon: 'again', run: () => set(true) }];
    return [
      {
        label: 'Deactivate',
        icon: 'trash',
        danger: true,
        run: () => confirmDialog(`Deactivate @${bot.username}?`, 'Its program is cut off at once. Messages stay, and it can be activated again.', 'Deactivate', () => set(false)),
      },
    ];
  },
  Form,
  Use,
};

function Form({ value, set }: FormProps<Bot>) {
  return (
    <>
      <Field label="Username" required autofocus maxLength={64} value={value.username} onValue={(text) => set({ username: text.toLowerCase() })} hint="Small letters, digits, points, hyphens and underscores; begins with a letter." />
      <Field label="Display name" maxLength={64} value={value.display_name ?? ''} onValue={(text) => set({ display_name: text })} />
      <Field label="Description" maxLength={1024} value={value.description ?? ''} onValue={(text) => set({ description: text })} />
    </>
  );
}

function Use({ value, team }: { value: Bot; team: { id: string; display_name: string } }) {
  const [channelId, setChannelId] = useState('');
  const [token, setToken] = useState('');
  // Adding somebody who is there already is no fault.
  const enter = () =>
    void attempt(async () => {
      await api.addToTeam(team.id, value.user_id);
      await api.addToChannel(value.user_id, channelId);
    }).then((went) => went && say(`@${value.username} is in ${channels.value[channelId]?.display_name ?? 'the channel'}.`));
  const headers = { Authorization: `Bearer ${token || 'TOKEN'}` };
  return (
    <>
      <TokensSection userId={value.user_id} onMade={setToken} />
      <section class="settings-section" aria-label="Try it">
        <h3>Try it</h3>
        <Example title={token ? 'Who am I?' : 'Who am I? (create a token, or put yours in place of TOKEN)'} text={curl({ url: `${siteUrl()}/api/v4/users/me`, headers })} />
        <div class="tools">
          <div class="grow">
            <ChannelField label="Channel to write in" teamId={team.id} channelId={channelId} onChannel={setChannelId} />
          </div>
          <button type="button" class="button" disabled={!channelId} onClick={enter}>
            Add the bot to the channel
          </button>
        </div>
        {channelId && (
          <>
            <CopyField label="Channel id" value={channelId} />
            <Example title="Write a message" text={curl({ url: `${siteUrl()}/api/v4/posts`, headers, json: { channel_id: channelId, message: 'Hello from a bot' } })} />
          </>
        )}
      </section>
    </>
  );
}
