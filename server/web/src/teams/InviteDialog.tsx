import type { Team } from '@mattermost/types/teams';
import { Dialog } from '../ui/Dialog';
import { Invite } from './Invite';

export default function InviteDialog({ team }: { team: Team }) {
  return (
    <Dialog title={`Invite people to ${team.display_name}`}>
      <Invite team={team} />
    </Dialog>
  );
}
