// Login services beside the password: which there are, where a login at one of them begins, and what went wrong there.
import type { Key } from '../locale/locale';

export interface Service {
  name: string;
  text: string;
  color: string;
}

const KEYS = { openid: 'OpenId', gitlab: 'GitLab', google: 'Google', office365: 'Office365' } as const;

/** The services that the site offers, as its configuration tells them. */
export function services(config: Readonly<Record<string, string | undefined>>): Service[] {
  return Object.entries(KEYS)
    .filter(([, key]) => config[`EnableSignUpWith${key}`] === 'true')
    .map(([name, key]) => {
      const color = config[`${key}ButtonColor`] ?? '';
      return { name, text: config[`${key}ButtonText`] || key, color: /^#[0-9a-f]{6}$/i.test(color) ? color : '' };
    });
}

/** Where a login begins; `back` is the path that it ends at. */
export function beginning(service: string, query: Record<string, string>): string {
  const wanted = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString();
  return `/oauth/${service}/login${wanted ? `?${wanted}` : ''}`;
}

const SENTENCES: Record<string, Key> = {
  unavailable: 'sso.unavailable',
  refused: 'sso.refused',
  state: 'sso.state',
  token: 'sso.token',
  app: 'sso.app',
  no_email: 'sso.no_email',
  email_taken: 'sso.email_taken',
  no_account: 'sso.no_account',
  inactive: 'sso.inactive',
  taken: 'sso.taken',
  no_service: 'sso.no_service',
};

/** What a user reads for the word of a login that did not come about. */
export const sentence = (word: string): Key => SENTENCES[word] ?? 'sso.token';

/** Inside the desktop app a login happens in the browser of the machine. */
export const inDesktopApp = (agent: string): boolean => /Mattermost\//.test(agent) && /Electron\//.test(agent);

/** The address by which a browser opens the desktop app at this site. */
export function desktopAddress(host: string, clientToken: string, serverToken: string, dev: boolean): string {
  const query = new URLSearchParams({ client_token: clientToken, server_token: serverToken });
  return `${dev ? 'mattermost-dev' : 'mattermost'}://${host}/login/desktop?${query}`;
}
