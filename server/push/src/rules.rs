//! Who is told of a post on the phone: the settings of the account and of the channel, what the post is to them, and
//! whether they are at another client. No I/O.

use serde_json::Value;

/// What a post is to one member of its channel.
#[derive(Clone, Debug)]
pub struct Case<'a> {
    /// `notify_props` of the account and of the membership.
    pub account: &'a Value,
    pub channel: &'a Value,
    /// The post mentions the member; every message in a direct channel does.
    pub mentioned: bool,
    /// In a group message, which counts as a mention unless the channel has a setting of its own.
    pub group: bool,
    /// The post is a reply.
    pub reply: bool,
    /// The member follows the thread of the reply.
    pub follows: bool,
    /// As it is shown: online, away, dnd, ooo or offline.
    pub status: &'a str,
    /// A client of the member shows the channel, or the thread of a reply, now.
    pub looks: bool,
}

fn setting<'a>(props: &'a Value, name: &str, default: &'a str) -> &'a str {
    props.get(name).and_then(Value::as_str).filter(|v| !v.is_empty()).unwrap_or(default)
}

impl Case<'_> {
    /// The channel's setting, else the account's, else `default`.
    fn level(&self, name: &str, default: &'static str) -> &str {
        match setting(self.channel, name, "default") {
            "default" => setting(self.account, name, default),
            own => own,
        }
    }

    /// Whether the member wants to hear of such posts at all.
    fn is_wanted(&self) -> bool {
        if setting(self.channel, "mark_unread", "all") == "mention" {
            // Muted.
            return false;
        }
        let push = self.level("push", "mention");
        let own_setting = setting(self.channel, "push", "default") != "default";
        let mentioned = self.mentioned || self.group && !self.reply && !own_setting;
        match push {
            "none" => false,
            _ if mentioned => true,
            // Replies are heard of by who follows the thread, whatever is set for the channel.
            _ if self.reply => self.follows && self.level("push_threads", "all") == "all",
            "all" => true,
            _ => false,
        }
    }

    /// Whether the phone is the place to tell it, now.
    fn is_due(&self) -> bool {
        let elsewhere = self.status == "online";
        match (self.status, setting(self.account, "push_status", "online")) {
            ("dnd" | "ooo", _) => false,
            (_, "offline") => self.status == "offline",
            (_, "away") => !elsewhere,
            _ => !(elsewhere && self.looks),
        }
    }

    /// Whether a phone is told.
    pub fn is_told(&self) -> bool {
        self.is_wanted() && self.is_due()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(account: Value, channel: Value, change: impl FnOnce(&mut Case<'_>)) -> bool {
        let mut case = Case {
            account: &account,
            channel: &channel,
            mentioned: false,
            group: false,
            reply: false,
            follows: false,
            status: "offline",
            looks: false,
        };
        change(&mut case);
        case.is_told()
    }

    #[test]
    fn settings_of_the_channel_come_before_those_of_the_account() {
        let (default, all) = (json!({"push": "default"}), json!({"push": "all"}));
        assert!(!told(json!({}), default.clone(), |_| {}), "a message that mentions nobody");
        assert!(told(json!({}), default.clone(), |c| c.mentioned = true));
        assert!(told(all.clone(), default.clone(), |_| {}));
        assert!(told(json!({"push": "none"}), all.clone(), |_| {}));
        assert!(!told(all.clone(), json!({"push": "mention"}), |_| {}));
        assert!(!told(json!({"push": "none"}), default.clone(), |c| c.mentioned = true));
        let muted = json!({"push": "all", "mark_unread": "mention"});
        assert!(!told(all, muted, |c| c.mentioned = true), "a muted channel says nothing");
        assert!(told(json!({}), default, |c| c.group = true));
        assert!(!told(json!({}), json!({"push": "mention"}), |c| c.group = true));
    }

    #[test]
    fn replies_are_for_followers() {
        let all = json!({"push": "all"});
        assert!(!told(all.clone(), json!({}), |c| c.reply = true));
        let follow = |c: &mut Case<'_>| (c.reply, c.follows) = (true, true);
        assert!(told(json!({}), json!({}), follow));
        assert!(!told(json!({"push_threads": "mention"}), json!({}), follow));
        assert!(!told(json!({}), json!({"push_threads": "none"}), follow));
        assert!(told(json!({"push_threads": "mention"}), json!({}), |c| (c.reply, c.mentioned) = (true, true)));
        assert!(!told(json!({"push": "none"}), json!({}), follow));
    }

    #[test]
    fn who_is_at_another_client_is_not_told() {
        let at = |push_status: &str, status: &'static str, looks: bool| {
            told(json!({"push_status": push_status}), json!({}), |c| {
                (c.mentioned, c.status, c.looks) = (true, status, looks);
            })
        };
        assert!(at("online", "online", false) && at("online", "away", true) && at("online", "offline", false));
        assert!(!at("online", "online", true), "the message is on the screen");
        assert!(!at("away", "online", false) && at("away", "away", false) && at("away", "offline", false));
        assert!(!at("offline", "away", false) && at("offline", "offline", false));
        assert!(!at("online", "dnd", false) && !at("online", "ooo", false));
    }
}
