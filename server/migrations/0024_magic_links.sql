-- The link of this invitation makes the guest's account and logs them in; the account has no password.
ALTER TABLE invitations ADD COLUMN magic BOOLEAN NOT NULL DEFAULT FALSE;
