-- Administrators of channels and teams turn the translation of a channel on and off, as with Mattermost.
UPDATE roles SET permissions = (
  SELECT json_group_array(value) FROM (
    SELECT value FROM json_each(roles.permissions) UNION SELECT 'manage_private_channel_auto_translation' UNION SELECT 'manage_public_channel_auto_translation'
  )
) WHERE name IN ('channel_admin', 'team_admin');
