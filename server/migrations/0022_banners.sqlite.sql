-- What stands over a channel: {"enabled", "text", "background_color"}.
ALTER TABLE channels ADD COLUMN banner_info JSONB;
-- Administrators of channels and teams set it, as with Mattermost.
UPDATE roles SET permissions = (
  SELECT json_group_array(value) FROM (
    SELECT value FROM json_each(roles.permissions) UNION SELECT 'manage_private_channel_banner' UNION SELECT 'manage_public_channel_banner'
  )
) WHERE name IN ('channel_admin', 'team_admin');
