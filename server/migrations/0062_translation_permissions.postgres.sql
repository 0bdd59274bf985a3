-- Administrators of channels and teams turn the translation of a channel on and off, as with Mattermost.
UPDATE roles SET permissions = (
  SELECT jsonb_agg(DISTINCT p) FROM jsonb_array_elements_text(
    roles.permissions || '["manage_private_channel_auto_translation", "manage_public_channel_auto_translation"]'::jsonb
  ) AS p
) WHERE name IN ('channel_admin', 'team_admin');
