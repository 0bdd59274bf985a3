//! The migrations of the whole server, products included: one numbered list, so that a number means one thing.
//! Chat counts from 1, calls from 100, agents from 200, translations from 300, integrations from 400,
//! operations from 500, the directory from 600, federation from 680.

use db::Migration;

const CHAT: &str = include_str!("../../migrations/0001_chat.sql");
const UPLOADS: &str = include_str!("../../migrations/0002_uploads.sql");
const CHAT_DAILY: &str = include_str!("../../migrations/0010_chat_daily.sql");
const PERMISSIONS: &str = include_str!("../../migrations/0020_permissions.sql");
const SCHEMES: &str = include_str!("../../migrations/0021_schemes.sql");
const BANNERS: [&str; 2] = [
    include_str!("../../migrations/0022_banners.sqlite.sql"),
    include_str!("../../migrations/0022_banners.postgres.sql"),
];
const REPEATS: &str = include_str!("../../migrations/0023_repeats.sql");
const MAGIC_LINKS: &str = include_str!("../../migrations/0024_magic_links.sql");
const ACCOUNTS: &str = include_str!("../../migrations/0025_accounts.sql");
const INVITATIONS: &str = include_str!("../../migrations/0026_invitations.sql");
const BLOBS: &str = include_str!("../../migrations/0040_blobs.sql");
const URGENT: &str = include_str!("../../migrations/0030_urgent.sql");
const GROUPS: &str = include_str!("../../migrations/0031_groups.sql");
const PINNED: &str = include_str!("../../migrations/0035_pinned.sql");
const LINKS: &str = include_str!("../../migrations/0045_links.sql");
const SEARCH: [&str; 2] = [
    include_str!("../../migrations/0050_search.sqlite.sql"),
    include_str!("../../migrations/0050_search.postgres.sql"),
];
const CONSOLE_ROLES: &str = include_str!("../../migrations/0060_console_roles.sql");
const TRANSLATED_CHANNELS: &str = include_str!("../../migrations/0061_translated_channels.sql");
const TRANSLATION_PERMISSIONS: [&str; 2] = [
    include_str!("../../migrations/0062_translation_permissions.sqlite.sql"),
    include_str!("../../migrations/0062_translation_permissions.postgres.sql"),
];
const CALLS: &str = include_str!("../../migrations/0100_calls.sql");
const TRANSLATIONS: &str = include_str!("../../migrations/0300_translations.sql");
const INCOMING_WEBHOOKS: &str = include_str!("../../migrations/0400_incoming_webhooks.sql");
const OUTGOING_WEBHOOKS: &str = include_str!("../../migrations/0401_outgoing_webhooks.sql");
const COMMANDS: &str = include_str!("../../migrations/0402_commands.sql");
const OAUTH: &str = include_str!("../../migrations/0403_oauth.sql");
const PUSH: &str = include_str!("../../migrations/0640_push.sql");
const DIRECTORY: &str = include_str!("../../migrations/0600_directory.sql");
const RETENTION: &str = include_str!("../../migrations/0641_retention.sql");
const SETTINGS: &str = include_str!("../../migrations/0505_settings.sql");
const SSO: &str = include_str!("../../migrations/0620_sso.sql");
const OPERATIONS: &str = include_str!("../../migrations/0500_operations.sql");

const FEDERATION: &str = include_str!("../../migrations/0680_federation.sql");

const fn step(version: i64, name: &'static str, text: &'static str) -> Migration {
    Migration { version, name, sqlite: text, postgres: text }
}

/// Every step, in order. Released steps are never edited; a change is a new number.
pub const MIGRATIONS: &[Migration] = &[
    step(1, "chat", CHAT),
    step(2, "uploads", UPLOADS),
    step(10, "chat_daily", CHAT_DAILY),
    step(20, "permissions", PERMISSIONS),
    step(21, "schemes", SCHEMES),
    Migration { version: 22, name: "banners", sqlite: BANNERS[0], postgres: BANNERS[1] },
    step(23, "repeats", REPEATS),
    step(25, "accounts", ACCOUNTS),
    step(26, "invitations", INVITATIONS),
    // Changes a table of the step before it; sites that have that one get this one all the same.
    step(24, "magic_links", MAGIC_LINKS),
    step(30, "urgent", URGENT),
    step(31, "groups", GROUPS),
    step(35, "pinned", PINNED),
    step(40, "blobs", BLOBS),
    step(45, "links", LINKS),
    Migration { version: 50, name: "search", sqlite: SEARCH[0], postgres: SEARCH[1] },
    step(60, "console_roles", CONSOLE_ROLES),
    step(61, "translated_channels", TRANSLATED_CHANNELS),
    Migration {
        version: 62,
        name: "translation_permissions",
        sqlite: TRANSLATION_PERMISSIONS[0],
        postgres: TRANSLATION_PERMISSIONS[1],
    },
    step(100, "calls", CALLS),
    step(300, "translations", TRANSLATIONS),
    step(400, "incoming_webhooks", INCOMING_WEBHOOKS),
    step(401, "outgoing_webhooks", OUTGOING_WEBHOOKS),
    step(402, "commands", COMMANDS),
    step(403, "oauth", OAUTH),
    step(500, "operations", OPERATIONS),
    step(505, "settings", SETTINGS),
    step(600, "directory", DIRECTORY),
    step(620, "sso", SSO),
    step(640, "push", PUSH),
    step(641, "retention", RETENTION),
    step(680, "federation", FEDERATION),
];
