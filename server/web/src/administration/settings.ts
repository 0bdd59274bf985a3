// The settings of the site that a page can change, by their place in the protocol's configuration.

export type SettingValue = string | number | boolean;
type Tree = { [key: string]: unknown };

export interface Setting {
  /** `Section.Key` of the configuration. */
  path: string;
  label: string;
  hint?: string;
  kind: 'text' | 'number' | 'switch' | 'choice' | 'secret';
  /** Of `choice`: the server's value and its name. */
  choices?: readonly (readonly [string, string])[];
  /** The server keeps the number times this, e.g. bytes for megabytes. */
  scale?: number;
  min?: number;
  max?: number;
}

export interface SettingGroup {
  title: string;
  settings: readonly Setting[];
}

const MEGABYTE = 1024 * 1024;

export const GROUPS: readonly SettingGroup[] = [
  {
    title: 'Site',
    settings: [
      { path: 'TeamSettings.SiteName', label: 'Name of the site', hint: 'Shown on the log-in page and in the title.', kind: 'text' },
      { path: 'ServiceSettings.SiteURL', label: 'Address of the site', hint: 'As people type it; links in mails and invitations begin with it. Used from the next start of the server on.', kind: 'text' },
    ],
  },
  {
    title: 'Accounts',
    settings: [
      { path: 'TeamSettings.EnableOpenServer', label: 'Anybody may create an account', hint: 'Off: only with an invitation.', kind: 'switch' },
      { path: 'GuestAccountsSettings.Enable', label: 'Guests', hint: 'People who see single channels only.', kind: 'switch' },
      { path: 'PasswordSettings.MinimumLength', label: 'Shortest password', hint: 'Characters.', kind: 'number', min: 5, max: 72 },
      { path: 'PasswordSettings.Lowercase', label: 'Passwords need a small letter', kind: 'switch' },
      { path: 'PasswordSettings.Uppercase', label: 'Passwords need a capital letter', kind: 'switch' },
      { path: 'PasswordSettings.Number', label: 'Passwords need a digit', kind: 'switch' },
      { path: 'PasswordSettings.Symbol', label: 'Passwords need a sign', kind: 'switch' },
      { path: 'ServiceSettings.MaximumLoginAttempts', label: 'Failed log-ins before an account waits', kind: 'number', min: 0 },
      { path: 'ServiceSettings.EnforceMultifactorAuthentication', label: 'Everybody must use two-step login', kind: 'switch' },
      { path: 'ServiceSettings.SessionLengthWebInHours', label: 'Hours after which one has to log in again', kind: 'number', min: 1 },
      { path: 'ServiceSettings.ExtendSessionLengthWithActivity', label: 'Whoever is active stays logged in', kind: 'switch' },
      { path: 'PrivacySettings.ShowEmailAddress', label: 'People see the email addresses of others', kind: 'switch' },
      { path: 'PrivacySettings.ShowFullName', label: 'People see the full names of others', kind: 'switch' },
    ],
  },
  {
    title: 'Messages and files',
    settings: [
      { path: 'FileSettings.EnableFileAttachments', label: 'Files in messages', kind: 'switch' },
      { path: 'FileSettings.MaxFileSize', label: 'Largest file', hint: 'Megabytes.', kind: 'number', scale: MEGABYTE, min: 1 },
      { path: 'FileSettings.EnablePublicLink', label: 'Links to files for people outside', kind: 'switch' },
      { path: 'ServiceSettings.PostEditTimeLimit', label: 'Time in which a message can be edited', hint: 'Seconds; -1 for always.', kind: 'number', min: -1 },
      { path: 'ServiceSettings.EnableLinkPreviews', label: 'Previews of links', hint: 'The server opens the linked pages.', kind: 'switch' },
      { path: 'ServiceSettings.EnableCustomEmoji', label: 'Emoji of your own', kind: 'switch' },
      { path: 'ServiceSettings.EnableCustomGroups', label: 'Groups that are mentioned by one name', kind: 'switch' },
      { path: 'TeamSettings.EnableCustomUserStatuses', label: 'A status in own words', kind: 'switch' },
    ],
  },
  {
    title: 'Integrations',
    settings: [
      { path: 'ServiceSettings.EnableIncomingWebhooks', label: 'Incoming webhooks', kind: 'switch' },
      { path: 'ServiceSettings.EnableOutgoingWebhooks', label: 'Outgoing webhooks', kind: 'switch' },
      { path: 'ServiceSettings.EnableCommands', label: 'Slash commands', kind: 'switch' },
      { path: 'ServiceSettings.EnableBotAccountCreation', label: 'Bot accounts', kind: 'switch' },
      { path: 'ServiceSettings.EnableUserAccessTokens', label: 'Access tokens of people', kind: 'switch' },
      { path: 'ServiceSettings.EnableOAuthServiceProvider', label: 'Programs that log in with accounts of this site', kind: 'switch' },
    ],
  },
  {
    title: 'Mail',
    settings: [
      { path: 'EmailSettings.SMTPServer', label: 'Mail server', hint: 'Empty: no mail is sent.', kind: 'text' },
      { path: 'EmailSettings.SMTPPort', label: 'Port of the mail server', kind: 'text' },
      { path: 'EmailSettings.ConnectionSecurity', label: 'Encryption', kind: 'choice', choices: [['', 'None'], ['STARTTLS', 'STARTTLS'], ['TLS', 'TLS']] },
      { path: 'EmailSettings.SMTPUsername', label: 'Username at the mail server', kind: 'text' },
      { path: 'EmailSettings.SMTPPassword', label: 'Password at the mail server', kind: 'secret' },
      { path: 'EmailSettings.FeedbackEmail', label: 'Sender of the mails', kind: 'text' },
      { path: 'ServiceSettings.EnableEmailInvitations', label: 'Invitations by mail', kind: 'switch' },
    ],
  },
];

export const SETTINGS = GROUPS.flatMap((group) => group.settings);

function at(tree: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((place, key) => (place && typeof place === 'object' ? (place as Tree)[key] : undefined), tree);
}

/** What the form shows: the settings that this server has, numbers in the form's unit. */
export function read(config: unknown): Record<string, SettingValue> {
  const values: Record<string, SettingValue> = {};
  for (const setting of SETTINGS) {
    const value = at(config, setting.path);
    if (value === undefined || value === null || typeof value === 'object') continue;
    values[setting.path] = setting.scale && typeof value === 'number' ? Math.round((value / setting.scale) * 100) / 100 : (value as SettingValue);
  }
  return values;
}

/** Why a setting cannot be changed here; empty when it can. */
export function fixedBy(environment: unknown, path: string): string {
  const source = at(environment, path);
  if (!source) return '';
  if (typeof source !== 'string') return 'Fixed by the file, the environment or a flag that the server is started with. Change it there.';
  if (/env/i.test(source)) return 'Fixed by an environment variable of the server. Change it there and restart.';
  if (/file/i.test(source)) return 'Fixed by the configuration file of the server. Change it there and restart.';
  return `Fixed by how the server is started (${source}).`;
}

/** The patch that changes `before` into `after`: only what differs, in the server's units. */
export function patchOf(before: Record<string, SettingValue>, after: Record<string, SettingValue>): Tree {
  const patch: Tree = {};
  for (const setting of SETTINGS) {
    const value = after[setting.path];
    if (value === undefined || value === before[setting.path]) continue;
    const [section, key] = setting.path.split('.');
    const inside = (patch[section] ??= {}) as Tree;
    inside[key] = setting.scale && typeof value === 'number' ? Math.round(value * setting.scale) : value;
  }
  return patch;
}

/** The setting that a refusal of the server is about, if it names one. */
export function blamed(message: string): string {
  const key = (setting: Setting) => setting.path.split('.')[1];
  const named = SETTINGS.find((setting) => message.includes(setting.path)) ?? SETTINGS.filter((setting) => new RegExp(`\\b${key(setting)}\\b`).test(message)).sort((a, b) => key(b).length - key(a).length)[0];
  return named?.path ?? '';
}
