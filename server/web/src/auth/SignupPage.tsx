import { useEffect, useState } from 'preact/hooks';
import { api } from '../api/client';
import { t } from '../locale/locale';
import { followLink, navigate } from '../routing/navigate';
import { config, noAccounts } from '../store/session';
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
      () => setInviteError(t('signup.badInvite')),
    );
  }, [inviteId, token]);

  const { busy, error, onSubmit } = useForm(async () => {
    await signUp({ email: email.trim(), username: username.trim().toLowerCase(), password }, inviteError ? '' : inviteId, inviteError ? '' : token);
    const team = teams.value[0];
    navigate(team ? `/${team.name}` : first ? '/create_team' : '/select_team', 'replace');
  });

  const lead = first
    ? t('signup.leadFirst')
    : inviting
      ? t('signup.leadInvited', { team: inviting })
      : t('signup.lead');
  return (
    <AuthFrame title={t('signup.title')} lead={lead}>
      <form class="form" onSubmit={onSubmit} aria-label={t('signup.form')}>
        {(error || inviteError) && <ErrorNote text={error || inviteError} />}
        <Field label={t('signup.email')} name="email" type="email" autocomplete="email" required autofocus value={email} onValue={setEmail} />
        <Field label={t('signup.username')} name="username" autocomplete="username" required minLength={3} maxLength={22} value={username} onValue={setUsername} hint={t('signup.usernameHint')} />
        <Field label={t('login.password')} name="password" type="password" autocomplete="new-password" required value={password} onValue={setPassword} hint={t('signup.passwordHint', { number: Number(config.value.PasswordMinimumLength || 8) })} />
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? t('signup.busy') : t('signup.form')}
        </button>
        {!first && (
          <p class="form-foot" onClick={followLink}>
            {t('signup.haveAccount')} <a href="/login">{t('login.title')}</a>
          </p>
        )}
      </form>
    </AuthFrame>
  );
}
