// What an entry of the audit says, in words.

const ID = '[a-z0-9]{26}';
const ACTIONS: readonly [RegExp, string][] = [
  [/^users\/login$/, 'Log-in'],
  [/^users\/logout$/, 'Log-out'],
  [/^users$/, 'Account created'],
  [/^users\/ID\/active$/, 'Account activated or deactivated'],
  [/^users\/ID\/roles$/, 'Roles of an account changed'],
  [/^users\/ID\/(promote|demote)$/, 'Guest or member'],
  [/^users\/ID\/patch$/, 'Profile changed'],
  [/^users\/ID\/image$/, 'Picture changed'],
  [/^users\/ID\/password$/, 'Password changed'],
  [/^users\/password\/reset$/, 'Password set by a link'],
  [/^users\/password\/reset\/send$/, 'Password link asked for'],
  [/^muster\/users\/ID\/password_reset$/, 'Password link made'],
  [/^users\/ID\/mfa(\/generate)?$/, 'Two-step login'],
  [/^users\/ID\/reset_failed_attempts$/, 'Account unlocked'],
  [/^users\/(ID\/)?sessions\/revoke(\/all)?$/, 'Sessions ended'],
  [/^users\/(ID\/)?tokens/, 'Access token'],
  [/^users\/(ID\/)?email\/verify/, 'Email confirmed'],
  [/^muster\/(teams\/ID\/)?invitations/, 'Invitation'],
  [/^teams\/invites\/email$/, 'Mailed invitations revoked'],
  [/^teams\/ID\/image$/, 'Picture of a team changed'],
  [/^roles\/ID\/patch$/, 'Permissions changed'],
  [/^config/, 'Settings changed'],
  [/^bots/, 'Bot account'],
];

/** "Log-in" for `/api/v4/users/login`; the path itself where there are no words for it. */
export function actionName(action: string): string {
  const path = action.replace(/^\/?(api\/v4\/)?/, '');
  const shape = path.replace(new RegExp(ID, 'g'), 'ID');
  return ACTIONS.find(([pattern]) => pattern.test(shape))?.[1] ?? path;
}

/** Ids of accounts and other things in an entry. */
export const idsIn = (info: string) => info.match(new RegExp(`\\b${ID}\\b`, 'g')) ?? [];

/** The details with names of people instead of their ids. */
export function details(info: string, nameOf: (id: string) => string | undefined): string {
  return info.replace(new RegExp(`\\b(?:user_id|bot_id)=(${ID})\\b`, 'g'), (all, id: string) => nameOf(id) ?? all);
}

/** Whether the entry tells of something that did not succeed. */
export const failed = (info: string) => /^(fail|attempt failed)/i.test(info);
