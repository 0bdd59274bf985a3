import type { ServerChannel as Channel } from '@mattermost/types/channels';
import type { Team } from '@mattermost/types/teams';
import { useEffect, useState } from 'preact/hooks';
import { api, errorText } from '../api/client';
import { t } from '../locale/locale';
import { navigate } from '../routing/navigate';
import { memberships } from '../store/channels';
import { closeDialog, Dialog } from '../ui/Dialog';
import { Field } from '../ui/Field';
import { Icon } from '../ui/Icon';
import { attempt, Empty, ErrorNote, Spinner } from '../ui/states';
import { openByName } from './load';
import { pathOf } from './path';

/** Public channels of the team, to join or to open. */
export function BrowseChannels({ team }: { team: Team }) {
  const [list, setList] = useState<Channel[] | null>(null);
  const [error, setError] = useState('');
  const [term, setTerm] = useState('');
  const load = () => {
    setError('');
    api.getChannels(team.id, 0, 200).then(
      (found) => setList(found.filter((channel) => !channel.delete_at) as Channel[]),
      (cause) => setError(errorText(cause)),
    );
  };
  useEffect(load, [team.id]);
  const shown = (list ?? []).filter((channel) => `${channel.display_name} ${channel.name}`.toLowerCase().includes(term.toLowerCase()));
  const open = (channel: Channel) =>
    attempt(async () => {
      const joined = await openByName(team.id, channel.name);
      closeDialog();
      navigate(pathOf(joined));
    });
  return (
    <Dialog title={t('channel.browse')}>
      <Field label={t('channel.find')} type="search" autofocus value={term} onValue={setTerm} />
      {error && <ErrorNote text={error} retry={load} />}
      {!list && !error && <Spinner />}
      {list && shown.length === 0 && <Empty title={t('channel.noneFound')} />}
      <ul class="pick-list">
        {shown.map((channel) => (
          <li key={channel.id}>
            <button type="button" class="pick" onClick={() => void open(channel)}>
              <Icon name="hash" size={16} />
              <span class="pick-text">
                <span>{channel.display_name}</span>
                {channel.purpose && <small>{channel.purpose}</small>}
              </span>
              <span class="hint">{memberships.value[channel.id] ? t('channel.open') : t('team.join')}</span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
