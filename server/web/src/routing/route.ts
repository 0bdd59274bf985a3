// Addresses of the client. They are Mattermost's, so that links in posts and mails work.

export type Route =
  | { kind: 'root' }
  | { kind: 'login' }
  | { kind: 'oneTimeLink'; token: string }
  | { kind: 'desktopLogin'; service: string; clientToken: string; serverToken: string; dev: boolean }
  | { kind: 'signup'; inviteId: string; token: string }
  | { kind: 'resetPassword'; token: string }
  | { kind: 'verifyEmail'; token: string }
  | { kind: 'createTeam' }
  | { kind: 'selectTeam' }
  | { kind: 'team'; team: string }
  | { kind: 'channel'; team: string; channel: string; joinCall: boolean }
  | { kind: 'messages'; team: string; target: string }
  | { kind: 'permalink'; team: string; postId: string }
  | { kind: 'threads'; team: string }
  | { kind: 'administration'; section: string }
  | { kind: 'integrations'; team: string; section: string };

/** Reads an address; anything unknown is the root, which chooses a place to go. */
export function parseRoute(path: string, search = ''): Route {
  const query = new URLSearchParams(search);
  const parts = path.split('/').filter(Boolean).map(decode);
  const [first, second, third] = parts;
  switch (first) {
    case undefined:
      return { kind: 'root' };
    case 'login':
      if (second === 'one_time_link') return { kind: 'oneTimeLink', token: query.get('t') ?? '' };
      if (second === 'desktop') {
        const word = (name: string) => query.get(name) ?? '';
        return { kind: 'desktopLogin', service: word('service'), clientToken: word('client_token'), serverToken: word('server_token'), dev: word('isDesktopDev') === 'true' };
      }
      return { kind: 'login' };
    case 'signup_user_complete':
    case 'signup_email':
      return { kind: 'signup', inviteId: query.get('id') ?? '', token: query.get('t') ?? '' };
    case 'do_verify_email':
      return { kind: 'verifyEmail', token: query.get('token') ?? '' };
    case 'reset_password_complete':
      return { kind: 'resetPassword', token: query.get('token') ?? '' };
    case 'create_team':
      return { kind: 'createTeam' };
    case 'admin_console':
      return { kind: 'administration', section: second ?? '' };
    case 'select_team':
      return { kind: 'selectTeam' };
  }
  switch (second) {
    case undefined:
      return { kind: 'team', team: first };
    case 'threads':
      return { kind: 'threads', team: first };
    case 'integrations':
      return { kind: 'integrations', team: first, section: third ?? '' };
    case 'channels':
      if (third) return { kind: 'channel', team: first, channel: third, joinCall: query.get('join_call') === 'true' };
      break;
    case 'messages':
      if (third) return { kind: 'messages', team: first, target: third };
      break;
    case 'pl':
      if (third) return { kind: 'permalink', team: first, postId: third };
      break;
  }
  return { kind: 'team', team: first };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function channelPath(team: string, channel: string): string {
  return `/${encodeURIComponent(team)}/channels/${encodeURIComponent(channel)}`;
}

export function messagesPath(team: string, target: string): string {
  return `/${encodeURIComponent(team)}/messages/${target}`;
}

export function permalinkPath(team: string, postId: string): string {
  return `/${encodeURIComponent(team)}/pl/${postId}`;
}

export function administrationPath(section = ''): string {
  return section ? `/admin_console/${section}` : '/admin_console';
}

export function integrationsPath(team: string, section = ''): string {
  return `/${encodeURIComponent(team)}/integrations${section ? `/${section}` : ''}`;
}

export function invitePath(inviteId: string): string {
  return `/signup_user_complete/?id=${inviteId}`;
}
