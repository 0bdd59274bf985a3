//! Threads: who follows, what is unread, and that the numbers stay right whatever happens in which order.

use crate::support::{Person, team, text, worlds};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[tokio::test]
async fn a_thread_is_followed_read_and_left() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let root = text(&t.ana.says(&t.square, "", "who takes the night shift?").await, "id");
        world.clock.advance(5);
        let reply = t.bruno.says(&t.square, &root, "@ana I do").await;
        let list = format!("/users/me/teams/{}/threads", t.id);
        let one = format!("{list}/{root}");
        let mine = t.ana.get(&list).await;
        assert_eq!((&mine["total"], &mine["total_unread_threads"]), (&json!(1), &json!(1)), "{engine}");
        assert_eq!(mine["total_unread_mentions"], 1, "{engine}");
        assert_eq!(mine["threads"][0]["participants"], json!([{"id": t.bruno.id}]), "{engine}");
        assert_eq!(
            t.ana.get(&format!("{one}?extended=true")).await["participants"][0]["username"],
            "bruno",
            "{engine}"
        );
        let page = t.ana.get(&format!("/channels/{}/posts?collapsedThreads=true", t.square)).await;
        assert!(!page["order"].as_array().unwrap().contains(&reply["id"]), "{engine}: replies are not in the channel");
        assert_eq!(
            (&page["posts"][&root]["reply_count"], &page["posts"][&root]["is_following"]),
            (&json!(1), &json!(true))
        );

        world.clock.advance(5);
        let now = world.clock.now_ms();
        let read = t.ana.ok("PUT", &format!("{one}/read/{now}"), Value::Null).await;
        assert_eq!((&read["unread_replies"], &read["unread_mentions"]), (&json!(0), &json!(0)), "{engine}");
        assert_eq!(t.ana.get(&format!("{list}?unread=true")).await["threads"], json!([]), "{engine}");
        let again = t.ana.ok("POST", &format!("{one}/set_unread/{}", text(&reply, "id")), Value::Null).await;
        assert_eq!((&again["unread_replies"], &again["unread_mentions"]), (&json!(1), &json!(1)), "{engine}");
        t.ana.ok("PUT", &format!("{list}/read"), Value::Null).await;
        assert_eq!(t.ana.get(&list).await["total_unread_threads"], 0, "{engine}");

        t.ana.ok("DELETE", &format!("{one}/following"), Value::Null).await;
        assert_eq!(t.ana.get(&list).await["total"], 0, "{engine}: left");
        t.ana.ok("PUT", &format!("{one}/following"), Value::Null).await;
        t.bruno.ok("DELETE", &format!("/posts/{}", text(&reply, "id")), Value::Null).await;
        assert_eq!(t.ana.get(&list).await["total"], 0, "{engine}: a thread without replies is none");
    }
}

#[tokio::test]
async fn a_channel_marked_unread_counts_what_came_after() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let mut posts = Vec::new();
        for n in 0..4 {
            posts.push(text(&t.ana.says(&t.square, "", &format!("@bruno number {n}")).await, "id"));
            world.clock.advance(1);
        }
        let view = json!({"channel_id": t.square, "collapsed_threads_supported": true});
        t.bruno.ok("POST", "/channels/members/me/view", view).await;
        let unread = format!("/users/me/channels/{}/unread", t.square);
        assert_eq!(t.bruno.get(&unread).await["msg_count"], 0, "{engine}");
        let body = json!({"collapsed_threads_supported": true});
        t.bruno.ok("POST", &format!("/users/me/posts/{}/set_unread", posts[2]), body).await;
        let numbers = t.bruno.get(&unread).await;
        assert_eq!((&numbers["msg_count"], &numbers["mention_count"]), (&json!(2), &json!(2)), "{engine}");
        t.ana.ok("DELETE", &format!("/posts/{}", posts[3]), Value::Null).await;
        assert_eq!(t.bruno.get(&unread).await["mention_count"], 1, "{engine}: a deleted mention is none");
        let edit = json!({"message": "nobody in particular"});
        t.ana.ok("PUT", &format!("/posts/{}/patch", posts[2]), edit).await;
        assert_eq!(t.bruno.get(&unread).await["mention_count"], 0, "{engine}: nor is one that was edited away");
        let history = t.ana.get(&format!("/posts/{}/edit_history", posts[2])).await;
        assert_eq!(history[0]["message"], "@bruno number 2", "{engine}");
    }
}

/// What one of the two people does next.
#[derive(Clone, Debug)]
enum Step {
    Reply { mention: bool },
    DeleteLatest,
    Read,
    Leave,
    Follow,
}

/// What a thread must look like, kept in the simplest way: every reply, and when each person last looked.
#[derive(Default)]
struct Model {
    replies: Vec<(i64, usize, bool, String)>,
    viewed: BTreeMap<usize, i64>,
    following: BTreeMap<usize, bool>,
}

impl Model {
    fn unread(&self, who: usize) -> (i64, i64) {
        let since = self.viewed.get(&who).copied().unwrap_or(0);
        let new = self.replies.iter().filter(|r| r.0 > since);
        let mentions = new.clone().filter(|r| r.2 && r.1 != who);
        (i64::try_from(new.count()).unwrap(), i64::try_from(mentions.count()).unwrap())
    }
}

async fn check(model: &Model, people: &[&Person<'_>], team: &str, root: &str, engine: &str, steps: &[(usize, Step)]) {
    for (who, person) in people.iter().enumerate() {
        let thread = person.get(&format!("/users/me/teams/{team}/threads/{root}")).await;
        let (replies, mentions) = model.unread(who);
        let found = (thread["reply_count"].as_i64().unwrap(), thread["is_following"].as_bool().unwrap());
        let expected =
            (i64::try_from(model.replies.len()).unwrap(), model.following.get(&who).copied().unwrap_or(false));
        assert_eq!(found, expected, "{engine}: person {who} after {steps:?}");
        // Who never looked at or followed the thread has no numbers of it.
        if model.viewed.contains_key(&who) || model.following.contains_key(&who) {
            let found = (thread["unread_replies"].as_i64().unwrap(), thread["unread_mentions"].as_i64().unwrap());
            assert_eq!(found, (replies, mentions), "{engine}: person {who} after {steps:?}");
        }
    }
}

#[tokio::test]
async fn unread_numbers_agree_with_a_simple_model() {
    let step = proptest::prop_oneof![
        4 => proptest::bool::ANY.prop_map(|mention| Step::Reply { mention }),
        1 => proptest::strategy::Just(Step::DeleteLatest),
        2 => proptest::strategy::Just(Step::Read),
        1 => proptest::strategy::Just(Step::Leave),
        1 => proptest::strategy::Just(Step::Follow),
    ];
    let days = proptest::collection::vec((0..2_usize, step), 12);
    let mut runner = TestRunner::deterministic();
    for world in worlds().await {
        let t = team(&world).await;
        let people = [&t.ana, &t.bruno];
        let names = ["ana", "bruno"];
        for _ in 0..12 {
            let steps = days.new_tree(&mut runner).unwrap().current();
            let root = text(&t.ana.says(&t.square, "", "a thread").await, "id");
            let one = format!("/users/me/teams/{}/threads/{root}", t.id);
            let mut model = Model::default();
            for (who, step) in &steps {
                world.clock.advance(10);
                let (who, other, now) = (*who, 1 - who, world.clock.now_ms());
                match step {
                    Step::Reply { mention } => {
                        let message = if *mention { format!("@{} look", names[other]) } else { "well".into() };
                        let post = people[who].says(&t.square, &root, &message).await;
                        model.replies.push((now, who, *mention, text(&post, "id")));
                        model.viewed.insert(who, now);
                        model.following.insert(who, true);
                        // The author of the root follows from the first reply on, unless they left.
                        model.following.entry(0).or_insert(true);
                        if *mention {
                            model.following.insert(other, true);
                        }
                    }
                    Step::DeleteLatest => {
                        if let Some((.., id)) = model.replies.pop() {
                            t.ana.ok("DELETE", &format!("/posts/{id}"), Value::Null).await;
                        }
                    }
                    Step::Read => {
                        people[who].ok("PUT", &format!("{one}/read/{now}"), Value::Null).await;
                        model.viewed.insert(who, now);
                        model.following.entry(who).or_insert(false);
                    }
                    Step::Leave | Step::Follow => {
                        let follow = matches!(step, Step::Follow);
                        let method = if follow { "PUT" } else { "DELETE" };
                        people[who].ok(method, &format!("{one}/following"), Value::Null).await;
                        if model.following.insert(who, follow).is_none() {
                            model.viewed.insert(who, now);
                        }
                    }
                }
                check(&model, &people, &t.id, &root, world.engine, &steps).await;
            }
        }
    }
}
