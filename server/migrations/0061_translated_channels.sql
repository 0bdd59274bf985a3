-- Whether a channel is translated is a property of the channel; members can read its words as they were written.
UPDATE channels SET autotranslation = TRUE
  WHERE id IN (SELECT t.channel_id FROM translation_channels t WHERE t.enabled = TRUE);
DROP TABLE translation_channels;
ALTER TABLE channel_members ADD COLUMN autotranslation_disabled BOOLEAN NOT NULL DEFAULT FALSE;
