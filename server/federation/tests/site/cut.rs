//! The link is cut, and nothing is lost or doubled.

use crate::support::{connect, heard, places, said, share, team, text, until};
use serde_json::json;

const MANY: usize = 500;

#[tokio::test]
async fn what_was_written_while_a_site_was_away_comes_in_order_and_once() {
    for (mut a, mut b) in places().await {
        let engine = a.world.engine;
        let (remote, channel, token_a, token_b);
        {
            let (at_a, at_b) = (team(&a.world).await, team(&b.world).await);
            remote = connect(&at_a.ana, &at_b.ana).await;
            channel = share(&at_a, &at_b.ana, &remote, "log").await;
            at_a.ana.says(&channel, "", "before").await;
            heard(&at_b.ana, &channel, "before").await;
            (token_a, token_b) =
                ((at_a.ana.token.clone(), at_a.ana.id.clone()), (at_b.ana.token.clone(), at_b.ana.id.clone()));
        }
        b.down().await;
        let mut root = String::new();
        {
            let ana = crate::support::Person { api: &a.world.api, token: token_a.0.clone(), id: token_a.1.clone() };
            for n in 0..MANY {
                // Some are replies.
                let under = if n % 7 == 3 { root.as_str() } else { "" };
                let made = ana.says(&channel, under, &format!("line {n}")).await;
                if under.is_empty() {
                    root = text(&made, "id");
                }
            }
        }
        // The sender is stopped in the middle of the night too.
        a.down().await;
        a.up().await;
        b.up().await;
        let ben = crate::support::Person { api: &b.world.api, token: token_b.0.clone(), id: token_b.1.clone() };
        until("all lines are there", async || (said(&ben, &channel).await.len() > MANY).then_some(())).await;
        let ana = crate::support::Person { api: &a.world.api, token: token_a.0.clone(), id: token_a.1.clone() };
        let words = |list: Vec<serde_json::Value>| list.iter().map(|p| text(p, "message")).collect::<Vec<_>>();
        let (here, there) = (words(said(&ana, &channel).await), words(said(&ben, &channel).await));
        assert_eq!(there.len(), MANY + 1, "{engine}: none twice");
        assert!(there == here, "{engine}: another order: {there:?}");
        // The other way still works.
        ben.says(&channel, "", "got all").await;
        heard(&ana, &channel, "got all").await;
        let shares = ana.get(&format!("/remotecluster/{remote}/sharedchannelremotes")).await;
        assert_eq!(shares.as_array().unwrap().len(), 1);
        assert!(shares[0]["last_post_update_at"].as_i64().unwrap() > 0);
    }
}

#[tokio::test]
async fn an_invitation_waits_for_a_site_that_is_away() {
    for (a, mut b) in places().await {
        let (at_a, at_b) = (team(&a.world).await, team(&b.world).await);
        let remote = connect(&at_a.ana, &at_b.ana).await;
        let (token, id) = (at_b.ana.token.clone(), at_b.ana.id.clone());
        drop(at_b);
        b.down().await;
        let new = json!({"team_id": at_a.id, "name": "later", "display_name": "Later", "type": "P"});
        let channel = text(&at_a.ana.ok("POST", "/channels", new).await, "id");
        at_a.ana.ok("POST", &format!("/remotecluster/{remote}/channels/{channel}/invite"), json!({})).await;
        at_a.ana.says(&channel, "", "while you were away").await;
        let path = format!("/remotecluster/{remote}/sharedchannelremotes?exclude_confirmed=true");
        assert_eq!(at_a.ana.get(&path).await[0]["is_invite_confirmed"], false);
        b.up().await;
        let ben = crate::support::Person { api: &b.world.api, token, id };
        until("the channel came", async || {
            let (status, _) = ben.call("GET", &format!("/channels/{channel}"), serde_json::Value::Null).await;
            status.is_success().then_some(())
        })
        .await;
        heard(&ben, &channel, "while you were away").await;
    }
}
