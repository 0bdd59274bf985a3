import type { OutgoingWebhook } from '@mattermost/types/integrations';
import { api } from '../api/client';
import { channels } from '../store/channels';
import { may } from '../store/permissions';
import { CopyField } from '../ui/CopyField';
import { Field } from '../ui/Field';
import { TextArea } from '../ui/TextArea';
import { ChannelField } from './ChannelField';
import { curl } from './curl';
import { Example } from './Example';
import { enabled, lines, type FormProps, type Kind } from './kind';
import { renewToken } from './renew';

export const outgoing: Kind<OutgoingWebhook> = {
  id: 'outgoing_webhooks',
  title: 'Outgoing webhooks',
  one: 'outgoing webhook',
  icon: 'send',
  lead: 'Sends messages of public channels to another program, which can answer. Chosen by channel, by first word or both.',
  allowed: (teamId) => enabled('EnableOutgoingWebhooks') && may('manage_own_outgoing_webhooks', teamId),
  list: (teamId, page, size) => api.getOutgoingWebhooks('', teamId, page, size),
  key: (hook) => hook.id,
  name: (hook) => hook.display_name || 'Webhook without a name',
  detail: (hook) => [channels.value[hook.channel_id]?.display_name ?? 'every public channel', hook.trigger_words.join(', '), hook.description].filter(Boolean).join(' · '),
  blank: (teamId) =>
    ({ team_id: teamId, channel_id: '', display_name: '', description: '', trigger_words: [], trigger_when: 0, callback_urls: [], content_type: 'application/json', username: '', icon_url: '' }) as unknown as OutgoingWebhook,
  create: (hook) => api.createOutgoingWebhook(hook),
  update: (hook) => api.updateOutgoingWebhook(hook),
  remove: (hook) => api.removeOutgoingWebhook(hook.id),
  more: (hook, reload) => [renewToken('token', () => api.regenOutgoingHookToken(hook.id), reload)],
  Form,
  Use,
};

function Form({ value, set, team }: FormProps<OutgoingWebhook>) {
  return (
    <>
      <Field label="Title" required autofocus maxLength={64} value={value.display_name} onValue={(text) => set({ display_name: text })} />
      <Field label="Description" maxLength={500} value={value.description} onValue={(text) => set({ description: text })} />
      <ChannelField label="Channel" teamId={team.id} channelId={value.channel_id} onChannel={(id) => set({ channel_id: id })} hint="A public one. Without a channel, every public channel; then at least one word is wanted." />
      <TextArea label="Words that trigger it" value={value.trigger_words.join('\n')} onValue={(text) => set({ trigger_words: text.split('\n') })} hint="One a line." />
      <label class="field">
        <span>When</span>
        <select value={String(value.trigger_when)} onChange={(event) => set({ trigger_when: Number(event.currentTarget.value) })}>
          <option value="0">The first word is one of them</option>
          <option value="1">The first word begins with one of them</option>
        </select>
      </label>
      <TextArea label="Addresses that are called" required value={value.callback_urls.join('\n')} onValue={(text) => set({ callback_urls: text.split('\n') })} hint="One a line, beginning with http:// or https://." />
      <label class="field">
        <span>Sent as</span>
        <select value={value.content_type} onChange={(event) => set({ content_type: event.currentTarget.value })}>
          <option value="application/json">JSON</option>
          <option value="application/x-www-form-urlencoded">Form</option>
        </select>
      </label>
      <Field label="Answers as" maxLength={64} value={value.username} onValue={(text) => set({ username: text })} hint="The name beside the answers. Optional." />
    </>
  );
}

/** What the server would send for a message, so that the other program can be tried without one. */
function sample(hook: OutgoingWebhook): Record<string, string> {
  const word = hook.trigger_words[0] ?? '';
  return { token: hook.token, team_id: hook.team_id, channel_id: hook.channel_id, user_name: 'ana', text: `${word} hello`.trim(), trigger_word: word };
}

function Use({ value }: { value: OutgoingWebhook }) {
  const body = value.content_type === 'application/json' ? { json: sample(value) } : { form: sample(value) };
  return (
    <>
      <CopyField label="Token" value={value.token} hint="Comes with every call: the other program checks it to know that this site calls." />
      {lines(value.callback_urls.join('\n')).map((url) => (
        <Example key={url} title="Call the program as this site would" text={curl({ url, ...body })} />
      ))}
    </>
  );
}
