// Roles and their permissions in plain words. What has no words here stays as it is.

export interface PermissionWords {
  title: string;
  permissions: Readonly<Record<string, string>>;
}

const SITE: readonly PermissionWords[] = [
  {
    title: 'People and teams',
    permissions: {
      create_team: 'Make teams',
      list_public_teams: 'See the open teams',
      join_public_teams: 'Join open teams',
      view_members: 'See everybody on the site',
      create_direct_channel: 'Write direct messages',
      create_group_channel: 'Write to several people at once',
    },
  },
  {
    title: 'Groups and emoji',
    permissions: {
      create_custom_group: 'Make groups',
      edit_custom_group: 'Rename groups',
      manage_custom_group_members: 'Change who is in a group',
      delete_custom_group: 'Archive groups',
      restore_custom_group: 'Bring groups back',
      create_emojis: 'Add emoji',
      delete_emojis: 'Delete their own emoji',
      delete_others_emojis: "Delete others' emoji",
    },
  },
  {
    title: 'Programs',
    permissions: {
      create_user_access_token: 'Make access tokens',
      read_user_access_token: 'See their access tokens',
      revoke_user_access_token: 'Delete access tokens',
      create_bot: 'Make bot accounts',
      read_bots: 'See their bot accounts',
      manage_bots: 'Change their bot accounts',
      manage_oauth: 'Make programs that log in with accounts of this site',
    },
  },
];

const TEAM: readonly PermissionWords[] = [
  {
    title: 'People',
    permissions: {
      view_team: 'See the team',
      invite_user: 'See and share the invite link',
      add_user_to_team: 'Add people to the team',
      invite_guest: 'Invite guests',
      remove_user_from_team: 'Remove people from the team',
      manage_team: 'Change name and settings of the team',
      manage_team_roles: 'Make others administrators of the team',
    },
  },
  {
    title: 'Channels',
    permissions: {
      list_team_channels: 'See the list of public channels',
      join_public_channels: 'Join public channels',
      read_public_channel: 'Read public channels before joining',
      create_public_channel: 'Make public channels',
      create_private_channel: 'Make private channels',
      convert_public_channel_to_private: 'Make public channels private',
      convert_private_channel_to_public: 'Make private channels public',
      manage_channel_roles: 'Make others administrators of a channel',
      delete_others_posts: "Delete others' messages",
    },
  },
  {
    title: 'Integrations',
    permissions: {
      manage_own_incoming_webhooks: 'Make incoming webhooks',
      manage_own_outgoing_webhooks: 'Make outgoing webhooks',
      manage_own_slash_commands: 'Make slash commands',
      manage_others_incoming_webhooks: "Change others' incoming webhooks",
      manage_others_outgoing_webhooks: "Change others' outgoing webhooks",
      manage_others_slash_commands: "Change others' slash commands",
    },
  },
];

const CHANNEL: readonly PermissionWords[] = [
  {
    title: 'Messages',
    permissions: {
      read_channel: 'Open the channel',
      read_channel_content: 'Read its messages',
      create_post: 'Write messages',
      edit_post: 'Edit their own messages',
      delete_post: 'Delete their own messages',
      edit_others_posts: "Edit others' messages",
      delete_others_posts: "Delete others' messages",
      add_reaction: 'Add reactions',
      remove_reaction: 'Take their reactions back',
      remove_others_reactions: "Remove others' reactions",
      upload_file: 'Attach files',
      get_public_link: 'Make links to files for people outside',
      use_channel_mentions: 'Mention everybody with @channel and @all',
      use_group_mentions: 'Mention groups',
    },
  },
  {
    title: 'The channel',
    permissions: {
      manage_public_channel_members: 'Add and remove people in public channels',
      manage_private_channel_members: 'Add and remove people in private channels',
      manage_public_channel_properties: 'Change name and purpose of public channels',
      manage_private_channel_properties: 'Change name and purpose of private channels',
      delete_public_channel: 'Archive public channels',
      delete_private_channel: 'Archive private channels',
      manage_channel_roles: 'Make others administrators of the channel',
    },
  },
  {
    title: 'Bookmarks',
    permissions: {
      add_bookmark_public_channel: 'Add bookmarks in public channels',
      edit_bookmark_public_channel: 'Change bookmarks in public channels',
      delete_bookmark_public_channel: 'Delete bookmarks in public channels',
      order_bookmark_public_channel: 'Sort bookmarks in public channels',
      add_bookmark_private_channel: 'Add bookmarks in private channels',
      edit_bookmark_private_channel: 'Change bookmarks in private channels',
      delete_bookmark_private_channel: 'Delete bookmarks in private channels',
      order_bookmark_private_channel: 'Sort bookmarks in private channels',
    },
  },
];

export interface RoleWords {
  name: string;
  label: string;
  words: readonly PermissionWords[];
}

/** The roles that people have without anybody giving them one, and those of administrators of teams and channels. */
export const ROLES: readonly RoleWords[] = [
  { name: 'system_user', label: 'Everybody on the site', words: SITE },
  { name: 'system_guest', label: 'Guests on the site', words: SITE },
  { name: 'team_user', label: 'Members of a team', words: TEAM },
  { name: 'team_guest', label: 'Guests of a team', words: TEAM },
  { name: 'team_admin', label: 'Administrators of a team', words: TEAM },
  { name: 'channel_user', label: 'Members of a channel', words: CHANNEL },
  { name: 'channel_guest', label: 'Guests of a channel', words: CHANNEL },
  { name: 'channel_admin', label: 'Administrators of a channel', words: CHANNEL },
];

/** How many permissions of the role have no words here. */
export function unnamed(role: RoleWords, permissions: readonly string[]): number {
  const named = new Set(role.words.flatMap((group) => Object.keys(group.permissions)));
  return permissions.filter((permission) => !named.has(permission)).length;
}

/** The list with one permission given or taken. */
export function withPermission(permissions: readonly string[], permission: string, given: boolean): string[] {
  const others = permissions.filter((known) => known !== permission);
  return given ? [...others, permission] : others;
}

/** Same permissions, whatever their order. */
export function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((permission) => b.includes(permission));
}
