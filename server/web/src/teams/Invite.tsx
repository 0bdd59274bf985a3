import { useEffect, useState } from 'preact/hooks';
import { api, errorText } from '../api/client';
import { t } from '../locale/locale';
import { invitePath } from '../routing/route';
import { receiveTeam } from '../store/teams';
import type { Team } from '@mattermost/types/teams';
import { copyText } from '../ui/copy';
import { InvitationsSection } from './InvitationsSection';
import { ErrorNote, say } from '../ui/states';

/** The team's invite link, and the links that end by themselves. */
export function Invite({ team }: { team: Team }) {
  const [inviteId, setInviteId] = useState(team.invite_id);
  const [error, setError] = useState('');
  useEffect(() => {
    if (inviteId) return;
    api.getTeam(team.id).then(
      (fresh) => {
        if (!fresh.invite_id) setError(t('team.linkHidden'));
        else {
          receiveTeam(fresh);
          setInviteId(fresh.invite_id);
        }
      },
      (cause) => setError(errorText(cause)),
    );
  }, [team.id]);
  const link = inviteId ? location.origin + invitePath(inviteId) : '';
  return (
    <>
      {error && <ErrorNote text={error} />}
      <div class="field">
        <label for="invite-link">{t('team.inviteLink')}</label>
        <div class="row">
          <input id="invite-link" readOnly value={link} onFocus={(event) => event.currentTarget.select()} />
          <button
            type="button"
            class="button primary"
            disabled={!link}
            onClick={() => {
              void copyText(link).then((done) => say(done ? t('team.linkCopied') : t('state.copySelf')));
            }}
          >
            {t('team.copyLink')}
          </button>
        </div>
        <small class="hint">{t('team.linkHint')}</small>
      </div>
      <InvitationsSection team={team} />
    </>
  );
}
