import type { Team } from '@mattermost/types/teams';
import { t } from '../locale/locale';
import { Dialog } from '../ui/Dialog';
import { Invite } from './Invite';

export default function InviteDialog({ team }: { team: Team }) {
  return (
    <Dialog title={t('team.inviteTo', { team: team.display_name })}>
      <Invite team={team} />
    </Dialog>
  );
}
