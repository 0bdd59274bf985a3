import { useEffect, useState } from 'preact/hooks';
import { api } from '../api/client';
import { followLink, navigate } from '../routing/navigate';
import { noAccounts } from '../store/session';
import { teams } from '../store/teams';
import { readInvitation } from '../teams/invitations';
import { Field } from '../ui/Field';
import { useForm } from '../ui/useForm';
import { ErrorNote } from '../ui/states';
import { AuthFrame } from './AuthFrame';
import { signUp } from './session';

export function SignupPage({ inviteId, token }: { inviteId: string; token: string }) {
  const [email, setEmail] = useState('');
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [inviting, setInviting] = useState('');
  const [inviteError, setInviteError] = useState('');
  const first = noAccounts.value;

  useEffect(() => {
    if (!inviteId && !token) return;
    const asked: Promise<{ display_name: string }> = token ? readInvitation(token) : api.getTeamInviteInfo(inviteId);
    asked.then(
      (team) => setInviting(team.display_name),
      () => setInviteError('This invite link is not valid any more. You can still create an account.'),
    );
  }, [inviteId, token]);

  const { busy, error, onSubmit } = useForm(async () => {
    await signUp({ email: email.trim(), username: username.trim().toLowerCase(), password }, inviteError ? '' : inviteId, inviteError ? '' : token);
    const team = teams.value[0];
    navigate(team ? `/${team.name}` : first ? '/create_team' : '/select_team', 'replace');
  });

  const lead = first
    ? 'This is the first account: it becomes the administrator.'
    : inviting
      ? `You have been invited to ${inviting}.`
      : 'Create an account to start talking.';
  return (
    <AuthFrame title="Create your account" lead={lead}>
      <form class="form" onSubmit={onSubmit} aria-label="Create account">
        {(error || inviteError) && <ErrorNote text={error || inviteError} />}
        <Field label="Email" name="email" type="email" autocomplete="email" required autofocus value={email} onValue={setEmail} />
        <Field label="Username" name="username" autocomplete="username" required minLength={3} maxLength={22} value={username} onValue={setUsername} hint="Lower-case letters, digits, dots and dashes." />
        <Field label="Password" name="password" type="password" autocomplete="new-password" required value={password} onValue={setPassword} hint="At least 8 characters." />
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? 'Creating…' : 'Create account'}
        </button>
        {!first && (
          <p class="form-foot" onClick={followLink}>
            Already have an account? <a href="/login">Log in</a>
          </p>
        )}
      </form>
    </AuthFrame>
  );
}
