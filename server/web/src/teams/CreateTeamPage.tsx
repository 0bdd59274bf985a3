import { useState } from 'preact/hooks';
import type { Team } from '@mattermost/types/teams';
import { api } from '../api/client';
import { loadTeams } from '../auth/session';
import { AuthFrame } from '../auth/AuthFrame';
import { loadChannels } from '../channels/load';
import { t } from '../locale/locale';
import { followLink, navigate } from '../routing/navigate';
import { teams } from '../store/teams';
import { Field } from '../ui/Field';
import { useForm } from '../ui/useForm';
import { ErrorNote } from '../ui/states';
import { urlName, urlNameOrRandom } from './name';

export function CreateTeamPage() {
  const [display, setDisplay] = useState('');
  const [open, setOpen] = useState(true);
  const { busy, error, onSubmit } = useForm(async () => {
    const name = urlNameOrRandom(display);
    await api.createTeam({ display_name: display.trim(), name, type: 'O', allow_open_invite: open } as Team);
    await Promise.all([loadTeams(), loadChannels()]);
    navigate(`/${name}/channels/town-square`, 'replace');
  });
  return (
    <AuthFrame title={t('team.createTitle')} lead={t('team.createLead')}>
      <form class="form" onSubmit={onSubmit} aria-label={t('team.create')}>
        {error && <ErrorNote text={error} />}
        <Field label={t('team.name')} name="team" required minLength={2} maxLength={64} autofocus value={display} onValue={setDisplay} hint={urlName(display) ? `${location.host}/${urlName(display)}` : t('team.nameHint')} />
        <label class="check">
          <input type="checkbox" checked={open} onChange={(event) => setOpen(event.currentTarget.checked)} />
          {t('team.open')}
        </label>
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? t('signup.busy') : t('team.create')}
        </button>
        {teams.value.length > 0 && (
          <p class="form-foot" onClick={followLink}>
            <a href={`/${teams.value[0].name}`}>{t('team.backTo', { team: teams.value[0].display_name })}</a>
          </p>
        )}
      </form>
    </AuthFrame>
  );
}
