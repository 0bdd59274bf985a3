// Signing in and out, and loading what every page needs.
import { api, errorText, isSignedOut } from '../api/client';
import { closeSocket, openSocket } from '../api/socket';
import { dispatch } from '../events';
import { clearChannels } from '../store/channels';
import { clearPosts } from '../store/posts';
import { loadRoles } from '../store/permissions';
import { receivePreferences } from '../store/preferences';
import { config, failure, me, noAccounts, phase } from '../store/session';
import { teams, teamMemberships } from '../store/teams';
import { clearUsers, receiveUsers, refreshStatuses, wantUsers } from '../store/users';
import { loadChannels } from '../channels/load';
import { language, speak } from '../locale/locale';
import { resync } from '../resync';
import { navigate, route } from '../routing/navigate';

/** Finds out whether somebody is signed in and loads the client for them. */
export async function boot(): Promise<void> {
  phase.value = 'loading';
  try {
    await loadConfig();
    await speak(...navigator.languages, config.value.DefaultClientLocale);
    await enter();
  } catch (cause) {
    if (isSignedOut(cause)) {
      await leave();
    } else {
      failure.value = errorText(cause);
      phase.value = 'failed';
    }
  }
}

async function loadConfig(): Promise<void> {
  config.value = (await api.getClientConfig()) as unknown as Record<string, string>;
}

async function enter(): Promise<void> {
  const user = await api.getMe();
  me.value = user;
  receiveUsers([user]);
  wantUsers([user.id]);
  await Promise.all([loadConfig(), loadTeams(), loadPreferences(), loadChannels(), speak(user.locale, ...navigator.languages)]);
  phase.value = 'ready';
  void loadRoles().catch(() => {
    // Menu entries that need a permission stay away until the next start.
  });
  openSocket({ onEvent: dispatch, onMissed: () => void resync(), onOpen: () => void refreshSoon(), onLost: () => void checkSession() });
}

/** The server counts us as present a moment after it has accepted the connection. */
async function refreshSoon(): Promise<void> {
  await new Promise((done) => setTimeout(done, 500));
  await refreshStatuses().catch(() => {
    // The next poll tries again.
  });
}

export async function loadTeams(): Promise<void> {
  const [mine, memberships] = await Promise.all([api.getMyTeams(), api.getMyTeamMembers()]);
  teams.value = mine.filter((team) => !team.delete_at).sort((a, b) => a.display_name.localeCompare(b.display_name));
  teamMemberships.value = Object.fromEntries(memberships.map((member) => [member.team_id, member]));
}

async function loadPreferences(): Promise<void> {
  const list = await api.getMyPreferences();
  receivePreferences(list as unknown as Parameters<typeof receivePreferences>[0]);
}

export async function logIn(loginId: string, password: string, code = ''): Promise<void> {
  await api.login(loginId, password, code);
  await enter();
}

/** A guest has no password but a link, which works once. */
export async function logInByLink(token: string, code = ''): Promise<void> {
  await api.call('/users/login/one_time_link', 'post', { token, mfa_code: code });
  await enter();
}

/** The browser of the machine has done the login; its token works once. */
export async function logInByDesktopToken(token: string): Promise<void> {
  await api.call('/users/login/desktop_token', 'post', { token });
  await enter();
}

export interface NewAccount {
  email: string;
  username: string;
  password: string;
}

/** Creates the account, signs in and joins the inviting team. */
export async function signUp(account: NewAccount, inviteId: string, token = ''): Promise<void> {
  type NewUser = Parameters<typeof api.createUser>[0];
  await api.createUser({ ...account, locale: language.value } as unknown as NewUser, token, inviteId);
  // The link has done its work: whoever is signed in with it in the address would use it a second time.
  if (token) navigate('/signup_user_complete/', 'replace');
  await logIn(account.username, account.password);
}

export async function logOut(): Promise<void> {
  closeSocket();
  try {
    await api.logout();
  } catch {
    // The session may already be gone; the local state goes either way.
  }
  await leave();
  navigate('/login', 'replace');
}

async function leave(): Promise<void> {
  closeSocket();
  me.value = null;
  teams.value = [];
  clearUsers();
  clearChannels();
  clearPosts();
  phase.value = 'signedOut';
  const here = route.value.kind;
  if (['login', 'oneTimeLink', 'desktopLogin', 'signup', 'resetPassword', 'verifyEmail'].includes(here)) return;
  navigate(noAccounts.value ? '/signup_user_complete/' : '/login', 'replace');
}

/** A lost connection may mean that somebody has ended the session: then there is nothing to wait for. */
async function checkSession(): Promise<void> {
  try {
    await api.getMe();
  } catch (cause) {
    if (isSignedOut(cause) && phase.value === 'ready') await leave();
  }
}
