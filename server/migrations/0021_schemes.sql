-- The roles in playbooks and their runs that a scheme of teams has; empty in a scheme for channels.
ALTER TABLE schemes ADD COLUMN playbook_admin_role TEXT;
ALTER TABLE schemes ADD COLUMN playbook_member_role TEXT;
ALTER TABLE schemes ADD COLUMN run_admin_role TEXT;
ALTER TABLE schemes ADD COLUMN run_member_role TEXT;
-- The channel that moderation made the scheme for; such a scheme ends with the moderation.
ALTER TABLE schemes ADD COLUMN made_for TEXT;
