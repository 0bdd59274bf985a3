import type { Command } from '@mattermost/types/integrations';
import { api } from '../api/client';
import { may } from '../store/permissions';
import { CheckField } from '../ui/CheckField';
import { CopyField } from '../ui/CopyField';
import { Field } from '../ui/Field';
import { curl } from './curl';
import { Example } from './Example';
import { enabled, type FormProps, type Kind } from './kind';
import { renewToken } from './renew';

export const commands: Kind<Command> = {
  id: 'commands',
  title: 'Slash commands',
  one: 'slash command',
  icon: 'edit',
  lead: 'A word after a slash that calls another program, such as /weather or /ticket. The answer appears in the channel.',
  allowed: (teamId) => enabled('EnableCommands') && may('manage_own_slash_commands', teamId),
  list: async (teamId, page, size) => (await api.getCustomTeamCommands(teamId)).slice(page * size, (page + 1) * size),
  key: (command) => command.id,
  name: (command) => `/${command.trigger}`,
  detail: (command) => [command.display_name, command.description].filter(Boolean).join(' · '),
  blank: (teamId) =>
    ({ team_id: teamId, trigger: '', method: 'P', url: '', username: '', icon_url: '', auto_complete: true, auto_complete_desc: '', auto_complete_hint: '', display_name: '', description: '' }) as unknown as Command,
  create: (command) => api.addCommand(command),
  update: (command) => api.editCommand(command),
  remove: (command) => api.deleteCommand(command.id),
  more: (command, reload) => [renewToken('token', () => api.regenCommandToken(command.id), reload)],
  Form,
  Use,
};

function Form({ value, set }: FormProps<Command>) {
  return (
    <>
      <Field label="Command word" required autofocus maxLength={128} value={value.trigger} onValue={(text) => set({ trigger: text.replace(/^\/+/, '') })} hint="What people type after the slash: one word." />
      <Field label="Title" maxLength={64} value={value.display_name} onValue={(text) => set({ display_name: text })} />
      <Field label="Description" maxLength={128} value={value.description} onValue={(text) => set({ description: text })} />
      <Field label="Address that is called" type="url" required maxLength={1024} value={value.url} onValue={(text) => set({ url: text })} hint="Begins with http:// or https://." />
      <label class="field">
        <span>How</span>
        <select value={value.method} onChange={(event) => set({ method: event.currentTarget.value as Command['method'] })}>
          <option value="P">POST</option>
          <option value="G">GET</option>
        </select>
      </label>
      <CheckField label="Propose it while people type" checked={value.auto_complete} onChecked={(on) => set({ auto_complete: on })} />
      {value.auto_complete && (
        <>
          <Field label="What follows the word" value={value.auto_complete_hint} onValue={(text) => set({ auto_complete_hint: text })} hint="Such as [place]. Optional." />
          <Field label="What it does" value={value.auto_complete_desc} onValue={(text) => set({ auto_complete_desc: text })} hint="Shown beside the proposal. Optional." />
        </>
      )}
      <Field label="Answers as" maxLength={64} value={value.username} onValue={(text) => set({ username: text })} hint="The name beside the answers. Optional." />
    </>
  );
}

function Use({ value, team }: { value: Command; team: { id: string; name: string } }) {
  const words = { token: value.token, team_id: team.id, team_domain: team.name, user_name: 'ana', command: `/${value.trigger}`, text: 'hello' };
  const headers = { Authorization: `Token ${value.token}` };
  const text =
    value.method === 'G' ? curl({ url: `${value.url}${value.url.includes('?') ? '&' : '?'}${new URLSearchParams(words).toString()}`, headers }) : curl({ url: value.url, headers, form: words });
  return (
    <>
      <CopyField label="Token" value={value.token} hint="Comes with every call: the other program checks it to know that this site calls." />
      <Example title="Call the program as this site would" text={text} />
    </>
  );
}
