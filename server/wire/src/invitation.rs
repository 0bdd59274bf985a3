//! Invitations of this server's own making; Mattermost only mails them.

use serde::{Deserialize, Serialize};

/// A link that lets people into a team.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Invitation {
    pub id: String,
    pub team_id: String,
    pub creator_id: String,
    /// Whoever uses it becomes a guest, in the channels named and nowhere else.
    pub guest: bool,
    pub channel_ids: Vec<String>,
    /// The link makes the guest's account, without a password, and logs them in.
    pub magic: bool,
    /// The address it was mailed to; empty for a link that is handed over.
    pub email: String,
    /// Words of its maker, to know it by.
    pub note: String,
    pub create_at: i64,
    pub expires_at: i64,
    /// 0: as often as anybody likes.
    pub max_uses: i64,
    pub uses: i64,
    /// 0: not revoked.
    pub revoked_at: i64,
    pub used_by: Vec<InvitationUse>,
    /// In the answer that made it only.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub token: String,
    /// In the answer that made it only.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub link: String,
    /// PNG of the link in base 64; in the answer that made it only.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub qr_code: String,
}

/// Who came by an invitation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct InvitationUse {
    pub user_id: String,
    pub used_at: i64,
}
