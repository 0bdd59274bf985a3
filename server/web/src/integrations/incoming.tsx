import type { IncomingWebhook } from '@mattermost/types/integrations';
import { api } from '../api/client';
import { channels } from '../store/channels';
import { may } from '../store/permissions';
import { CheckField } from '../ui/CheckField';
import { CopyField } from '../ui/CopyField';
import { Field } from '../ui/Field';
import { ChannelField } from './ChannelField';
import { curl } from './curl';
import { Example } from './Example';
import { enabled, siteUrl, type FormProps, type Kind } from './kind';

const address = (hook: IncomingWebhook) => `${siteUrl()}/hooks/${hook.id}`;

export const incoming: Kind<IncomingWebhook> = {
  id: 'incoming_webhooks',
  title: 'Incoming webhooks',
  one: 'incoming webhook',
  icon: 'download',
  lead: 'An address that another program sends messages to: alarms of a monitor, results of a build, new rows of a form.',
  allowed: (teamId) => enabled('EnableIncomingWebhooks') && may('manage_own_incoming_webhooks', teamId),
  list: (teamId, page, size) => api.getIncomingWebhooks(teamId, page, size) as Promise<IncomingWebhook[]>,
  key: (hook) => hook.id,
  name: (hook) => hook.display_name || 'Webhook without a name',
  detail: (hook) => [channels.value[hook.channel_id]?.display_name, hook.description, hook.last_used ? '' : 'never used'].filter(Boolean).join(' · '),
  blank: (teamId) => ({ team_id: teamId, channel_id: '', display_name: '', description: '', username: '', icon_url: '', channel_locked: true }) as IncomingWebhook,
  create: (hook) => api.createIncomingWebhook(hook),
  update: (hook) => api.updateIncomingWebhook(hook),
  remove: (hook) => api.removeIncomingWebhook(hook.id),
  Form,
  Use,
};

function Form({ value, set, team }: FormProps<IncomingWebhook>) {
  return (
    <>
      <Field label="Title" required autofocus maxLength={64} value={value.display_name} onValue={(text) => set({ display_name: text })} />
      <Field label="Description" maxLength={500} value={value.description} onValue={(text) => set({ description: text })} />
      <ChannelField label="Channel" required teamId={team.id} channelId={value.channel_id} onChannel={(id) => set({ channel_id: id })} />
      <CheckField label="Only this channel" checked={value.channel_locked} onChecked={(on) => set({ channel_locked: on })} hint="Off: the program may name another channel that you can write to." />
      <Field label="Posts as" maxLength={64} value={value.username} onValue={(text) => set({ username: text })} hint="The name beside the messages. Optional." />
      <Field label="Address of a picture" type="url" value={value.icon_url} onValue={(text) => set({ icon_url: text })} hint="Optional." />
    </>
  );
}

function Use({ value }: { value: IncomingWebhook }) {
  return (
    <>
      <CopyField label="Webhook address" value={address(value)} hint="Whoever knows it can post. Delete the webhook when it got into wrong hands." />
      <Example title="Send a message" text={curl({ url: address(value), json: { text: 'Hello from **another program**' } })} />
    </>
  );
}
