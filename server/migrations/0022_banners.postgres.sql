-- What stands over a channel: {"enabled", "text", "background_color"}.
ALTER TABLE channels ADD COLUMN banner_info JSONB;
-- Administrators of channels and teams set it, as with Mattermost.
UPDATE roles SET permissions = (
  SELECT jsonb_agg(DISTINCT p) FROM jsonb_array_elements_text(
    roles.permissions || '["manage_private_channel_banner", "manage_public_channel_banner"]'::jsonb
  ) AS p
) WHERE name IN ('channel_admin', 'team_admin');
