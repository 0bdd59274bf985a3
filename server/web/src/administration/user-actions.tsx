// What an administrator can do to one account. What cuts somebody off is asked for first and can be taken back.
import type { UserProfile } from '@mattermost/types/users';
import { api } from '../api/client';
import { SessionsSection } from '../security/SessionsSection';
import { config, me, myId } from '../store/session';
import { displayName } from '../store/users';
import { makePasswordLink } from '../teams/invitations';
import { CopyField } from '../ui/CopyField';
import { confirmDialog, Dialog, dialog } from '../ui/Dialog';
import type { MenuItem } from '../ui/Menu';
import { QrPicture } from '../ui/QrPicture';
import { attempt, say } from '../ui/states';
import { fullTime } from '../ui/time';
import { holds, withAdministration } from './people';

export function userActions(user: UserProfile, reload: () => void): (MenuItem | null)[] {
  const name = displayName(user);
  const self = user.id === myId.value;
  const run = (action: () => Promise<unknown>, done: string, undo?: () => Promise<unknown>) =>
    void attempt(action).then((went) => {
      reload();
      if (went) say(done, 'info', undo && { label: 'Undo', run: () => void attempt(undo).then(reload) });
    });
  const activate = (active: boolean) => () => api.updateUserActive(user.id, active);
  const administer = (given: boolean) => async () => {
    await api.updateUserRoles(user.id, withAdministration(user.roles, given));
    if (self && me.value) me.value = { ...me.value, roles: withAdministration(user.roles, given) };
  };

  if (user.delete_at > 0) {
    return [{ label: 'Activate', icon: 'again', run: () => run(activate(true), `${name} can log in again.`) }];
  }
  const admin = holds(user, 'system_admin');
  const guest = holds(user, 'system_guest');
  const deactivate = () =>
    confirmDialog(
      `Deactivate ${name}?`,
      `${self ? 'You are' : `${name} is`} logged out everywhere and cannot log in until an administrator activates the account again. Messages and files stay.`,
      'Deactivate',
      () => run(activate(false), `${name} is deactivated.`, self ? undefined : activate(true)),
    );
  const end: MenuItem = { label: 'Deactivate', icon: 'trash', danger: true, run: deactivate };
  if (user.is_bot) return [end];
  return [
    {
      label: 'Link for a new password',
      icon: 'link',
      run: () =>
        confirmDialog(`Make a link for ${name}?`, 'Whoever opens it sets a new password for this account. Earlier links stop working. Give it to nobody else.', 'Make link', () => makeLink(user)),
    },
    { label: 'Sessions', icon: 'screen', run: () => (dialog.value = () => <UserSessions user={user} />) },
    {
      label: 'End all sessions',
      icon: 'exit',
      run: () => confirmDialog(`End all sessions of ${name}?`, 'Every device has to log in again.', 'End all sessions', () => run(() => api.revokeAllSessionsForUser(user.id), `${name} is logged out everywhere.`)),
    },
    user.mfa_active
      ? {
          label: 'Turn off two-step login',
          icon: 'lock',
          run: () =>
            confirmDialog(`Turn off two-step login of ${name}?`, 'For somebody who has lost the authenticator. Logging in takes the password only, until two-step login is set up again.', 'Turn off', () =>
              run(() => api.updateUserMfa(user.id, false, ''), 'Two-step login is off.'),
            ),
        }
      : null,
    {
      label: 'Unlock after failed log-ins',
      icon: 'lock',
      run: () => run(() => api.call(`/users/${user.id}/reset_failed_attempts`, 'post'), `${name} can try to log in again.`),
    },
    admin
      ? {
          label: 'Take administration away',
          icon: 'crown',
          run: () =>
            confirmDialog(`Take the administration away from ${self ? 'yourself' : name}?`, self ? 'This page closes for you at once; another administrator has to give it back.' : `${name} stays a member.`, 'Take away', () =>
              run(administer(false), `${name} administers no longer.`, self ? undefined : administer(true)),
            ),
        }
      : guest
        ? null
        : {
            label: 'Make administrator',
            icon: 'crown',
            run: () =>
              confirmDialog(`Make ${name} an administrator?`, 'Administrators may read and change everything on this site, these settings too.', 'Make administrator', () =>
                run(administer(true), `${name} administers this site.`, administer(false)),
              ),
          },
    guest
      ? { label: 'Make member', icon: 'users', run: () => run(() => api.promoteGuestToUser(user.id), `${name} is a member now.`, () => api.demoteUserToGuest(user.id)) }
      : admin || config.value.EnableGuestAccounts !== 'true'
        ? null
        : {
            label: 'Make guest',
            icon: 'users',
            run: () =>
              confirmDialog(`Make ${name} a guest?`, 'Guests see only the channels they are in, and only the people there.', 'Make guest', () =>
                run(() => api.demoteUserToGuest(user.id), `${name} is a guest now.`, () => api.promoteGuestToUser(user.id)),
              ),
          },
    end,
  ];
}

function UserSessions({ user }: { user: UserProfile }) {
  return (
    <Dialog title={`Sessions of ${displayName(user)}`}>
      <SessionsSection user={user} />
    </Dialog>
  );
}

function makeLink(user: UserProfile): void {
  void attempt(async () => {
    const made = await makePasswordLink(user.id);
    dialog.value = () => (
      <Dialog title={`New password for ${displayName(user)}`}>
        <CopyField label="Link" value={made.link} hint={`It is shown once and works until ${fullTime(made.expires_at)}.`} />
        <QrPicture png={made.qr_code} label="QR code of the link" />
      </Dialog>
    );
  });
}
