//! From a [`Notice`] to the events of the wire: prefix, routing and the bot's copy. Pure.

use crate::call::{Audience, Notice};
use wire::Event;

/// Prefix of the names of our events and actions.
pub const PREFIX: &str = "custom_com.mattermost.calls_";

/// The events that tell `notice` of a call in this channel. Clients read the broadcast too, so each kind of audience has
/// exactly the fields that Mattermost's has: participants are told one by one, with the channel beside their id; what
/// goes to a channel or to participants names the channel in its data, and comes to the bot as a copy of its own.
pub fn of(notice: Notice, channel_id: &str, bot_id: &str) -> Vec<Event> {
    let event = Event { data: notice.data, ..Event::new(format!("{PREFIX}{}", notice.name)) };
    match notice.to {
        Audience::Connection(id) => vec![event.to_connection(&id)],
        Audience::User(id) => vec![event.to_user(&id)],
        Audience::Channel => {
            let event = event.with("channelID", channel_id);
            let copy = event.clone().to_user(bot_id);
            vec![event.to_channel(channel_id).omitting_user(bot_id), copy]
        }
        Audience::Participants(users) => {
            let event = event.with("channelID", channel_id);
            let one = |user: &String| event.clone().to_user(user).to_channel(channel_id).omitting_user(bot_id);
            users.iter().map(one).chain([event.clone().to_user(bot_id)]).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn sent(to: Audience) -> Vec<Value> {
        let Value::Object(data) = json!({"session_id": "s"}) else { unreachable!() };
        let events = of(Notice { name: "user_muted", data, to }, "ch", "bot");
        events.iter().map(|e| serde_json::to_value(e).unwrap()).collect()
    }

    #[test]
    fn participants_are_told_one_by_one_with_the_channel_beside_their_id() {
        let events = sent(Audience::Participants(vec!["a".into(), "b".into()]));
        let to: Vec<(&str, &str)> = events
            .iter()
            .map(|e| (e["broadcast"]["user_id"].as_str().unwrap(), e["broadcast"]["channel_id"].as_str().unwrap()))
            .collect();
        assert_eq!(to, [("a", "ch"), ("b", "ch"), ("bot", "")]);
        assert!(events.iter().all(|e| e["data"]["channelID"] == "ch"));
        assert_eq!(events[0]["broadcast"]["omit_users"], json!({"bot": true}));
        assert_eq!(events[0]["event"], "custom_com.mattermost.calls_user_muted");
    }

    #[test]
    fn a_channel_is_told_once_and_the_bot_apart() {
        let events = sent(Audience::Channel);
        assert_eq!(events.len(), 2);
        assert_eq!(events[0]["broadcast"]["channel_id"], "ch");
        assert_eq!(events[0]["broadcast"]["omit_users"], json!({"bot": true}));
        assert_eq!(
            (&events[1]["broadcast"]["user_id"], &events[1]["data"]["channelID"]),
            (&json!("bot"), &json!("ch"))
        );
    }

    #[test]
    fn a_user_or_connection_is_told_nothing_else() {
        assert_eq!(sent(Audience::User("u".into()))[0]["broadcast"]["user_id"], "u");
        let events = sent(Audience::Connection("c".into()));
        assert_eq!(events[0]["broadcast"]["connection_id"], "c");
        assert_eq!(events[0]["data"], json!({"session_id": "s"}));
    }
}
