-- A scheduled post that is sent every week: repeat_type is weekly, or empty for one that is sent once; repeat_timezone is an
-- IANA name, in which the time of day stays the same.
ALTER TABLE scheduled_posts ADD COLUMN repeat_type TEXT NOT NULL DEFAULT '';
ALTER TABLE scheduled_posts ADD COLUMN repeat_timezone TEXT NOT NULL DEFAULT '';
