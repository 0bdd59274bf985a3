// Chooses the page for the address and the state of the session.
import type { ComponentChild } from 'preact';
import { lazy, Suspense } from 'preact/compat';
import { useEffect } from 'preact/hooks';
import { CallAudio } from './calls/CallAudio';
import { CallWidget } from './calls/CallWidget';
import { DesktopLoginPage } from './auth/DesktopLoginPage';
import { LoginPage } from './auth/LoginPage';
import { OneTimeLinkPage } from './auth/OneTimeLinkPage';
import { ResetPasswordPage } from './auth/ResetPasswordPage';
import { SignupPage } from './auth/SignupPage';
import { VerifyEmailPage } from './auth/VerifyEmailPage';
import { boot } from './auth/session';
import { t } from './locale/locale';
import { navigate, route } from './routing/navigate';
import { permalinkPath } from './routing/route';
import { failure, isAdmin, noAccounts, phase, siteName } from './store/session';
import { currentTeam, teams } from './store/teams';
import { currentChannel } from './store/channels';
import { CreateTeamPage } from './teams/CreateTeamPage';
import { SelectTeamPage } from './teams/SelectTeamPage';
import { JoinTeamPage } from './teams/JoinTeamPage';
import { DialogHost } from './ui/Dialog';
import { ErrorNote, Spinner, ToastHost } from './ui/states';
import { Workspace } from './Workspace';

// Pages that few people open load their code when they do.
const AdministrationPage = lazy(() => import('./administration/AdministrationPage'));
const IntegrationsPage = lazy(() => import('./integrations/IntegrationsPage'));

export function App() {
  const channel = currentChannel.value;
  const title = channel?.display_name ? `${channel.display_name} · ${siteName.value}` : siteName.value;
  useEffect(() => {
    document.title = title;
  }, [title]);
  return (
    <>
      <Page />
      <DialogHost />
      <ToastHost />
    </>
  );
}

function Page() {
  switch (phase.value) {
    case 'loading':
      return (
        <main class="full-page">
          <Spinner label={t('app.starting')} />
        </main>
      );
    case 'failed':
      return (
        <main class="full-page">
          <ErrorNote text={failure.value} retry={() => void boot()} />
        </main>
      );
    case 'signedOut':
      return <SignedOut />;
    case 'ready':
      return <SignedIn />;
  }
}

function SignedOut() {
  const here = route.value;
  if (here.kind === 'resetPassword') return <ResetPasswordPage token={here.token} />;
  if (here.kind === 'signup' || (here.kind === 'root' && noAccounts.value)) {
    return <SignupPage inviteId={here.kind === 'signup' ? here.inviteId : ''} token={here.kind === 'signup' ? here.token : ''} />;
  }
  if (here.kind === 'verifyEmail') return <VerifyEmailPage code={here.token} />;
  if (here.kind === 'desktopLogin') return <DesktopLoginPage {...here} />;
  if (here.kind === 'oneTimeLink') return <OneTimeLinkPage token={here.token} />;
  return <LoginPage />;
}

function SignedIn() {
  const here = route.value;
  if (here.kind === 'signup' && (here.inviteId || here.token)) return <JoinTeamPage inviteId={here.inviteId} token={here.token} />;
  if (here.kind === 'verifyEmail') return <VerifyEmailPage code={here.token} />;
  // Whoever is logged in in this browser may be somebody else in the app.
  if (here.kind === 'desktopLogin' && here.serverToken) return <DesktopLoginPage {...here} />;
  if (here.kind === 'createTeam') return <CreateTeamPage />;
  if (here.kind === 'selectTeam') return <SelectTeamPage />;
  if (here.kind === 'administration' && isAdmin.value) return <Aside page={<AdministrationPage />} />;
  if (here.kind === 'integrations' && currentTeam.value) return <Aside page={<IntegrationsPage team={currentTeam.value} />} />;
  if (currentTeam.value) return <Workspace />;
  return <Elsewhere />;
}

/** A page beside the messages: a call goes on. */
function Aside({ page }: { page: ComponentChild }) {
  return (
    <Suspense fallback={<Spinner />}>
      {page}
      <CallWidget />
      <CallAudio />
    </Suspense>
  );
}

/** The address names no team of ours: go to one that exists. */
function Elsewhere() {
  const here = route.value;
  const home = teams.value[0]?.name;
  // Links to direct messages name no team (`/_redirect/pl/…`): any of ours will do.
  const target = !home ? '/select_team' : here.kind === 'permalink' ? permalinkPath(home, here.postId) : `/${home}`;
  useEffect(() => {
    // Effects run late: whoever signed us in may have chosen a place meanwhile.
    if (['createTeam', 'selectTeam'].includes(route.value.kind) || currentTeam.value) return;
    navigate(target, 'replace');
  }, [target]);
  return <main class="full-page" />;
}
