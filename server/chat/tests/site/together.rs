//! Several people write, delete, edit, read and leave the same threads at the same moment; what each of them sees
//! afterwards is what a simple model counts from the messages that are left.
//!
//! `MUSTER_THREAD_CASES` asks for more cases than the few that every run tries.

use crate::support::{Ears, Person, Team, World, arrive, team, text, worlds};
use db::{Sql, params};
use proptest::strategy::{Just, Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const NAMES: [&str; 4] = ["ana", "bruno", "carla", "dora"];
const ROOTS: usize = 2;

/// What one person does next, in the thread that the first number names.
#[derive(Clone, Debug)]
enum Step {
    Reply(usize, Option<usize>),
    /// The own latest reply gets other words, and mentions somebody else or nobody.
    Edit(usize, Option<usize>),
    DeleteLatest(usize),
    Read(usize),
    /// From the own latest reply on.
    MarkUnread(usize),
    Follow(usize),
    Leave(usize),
    ViewChannel,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (root, whom) = (0..ROOTS, proptest::option::of(0..NAMES.len()));
    let step = proptest::prop_oneof![
        5 => (root.clone(), whom.clone()).prop_map(|(r, w)| Step::Reply(r, w)),
        2 => (root.clone(), whom).prop_map(|(r, w)| Step::Edit(r, w)),
        2 => root.clone().prop_map(Step::DeleteLatest),
        2 => root.clone().prop_map(Step::Read),
        1 => root.clone().prop_map(Step::MarkUnread),
        1 => root.clone().prop_map(Step::Follow),
        1 => root.prop_map(Step::Leave),
        1 => Just(Step::ViewChannel),
    ];
    proptest::collection::vec(step, 10)
}

/// What a person knows of their own steps in one thread.
#[derive(Default)]
struct Own {
    replies: Vec<(String, i64)>,
    /// Of the last reply, reading or marking; `None` after something that does not say.
    viewed: Option<i64>,
    /// As their last reply, following or leaving left it; others' mentions may change it.
    following: Option<bool>,
}

fn message(whom: Option<usize>) -> String {
    whom.map_or_else(|| "well".into(), |who| format!("@{} look", NAMES[who]))
}

async fn act(world: &World, t: &Team<'_>, me: &Person<'_>, roots: &[String], steps: &[Step]) -> Vec<Own> {
    let mut own: Vec<Own> = (0..ROOTS).map(|_| Own::default()).collect();
    for step in steps {
        world.clock.advance(1);
        match step {
            Step::Reply(r, whom) => {
                let post = me.says(&t.square, &roots[*r], &message(*whom)).await;
                let at = post["create_at"].as_i64().unwrap();
                own[*r].replies.push((text(&post, "id"), at));
                (own[*r].viewed, own[*r].following) = (Some(at), Some(true));
            }
            Step::Edit(r, whom) => {
                if let Some((id, _)) = own[*r].replies.last() {
                    let edit = json!({"message": format!("{} again", message(*whom))});
                    me.ok("PUT", &format!("/posts/{id}/patch"), edit).await;
                }
            }
            Step::DeleteLatest(r) => {
                if let Some((id, _)) = own[*r].replies.pop() {
                    me.ok("DELETE", &format!("/posts/{id}"), Value::Null).await;
                }
            }
            Step::Read(r) => {
                let now = world.clock.now_ms();
                me.ok("PUT", &format!("/users/me/teams/{}/threads/{}/read/{now}", t.id, roots[*r]), Value::Null).await;
                own[*r].viewed = Some(now);
            }
            Step::MarkUnread(r) => {
                if let Some((id, at)) = own[*r].replies.last() {
                    let path = format!("/users/me/teams/{}/threads/{}/set_unread/{id}", t.id, roots[*r]);
                    me.ok("POST", &path, Value::Null).await;
                    (own[*r].viewed, own[*r].following) = (Some(at - 1), Some(true));
                }
            }
            Step::Follow(r) | Step::Leave(r) => {
                let follow = matches!(step, Step::Follow(_));
                let path = format!("/users/me/teams/{}/threads/{}/following", t.id, roots[*r]);
                me.ok(if follow { "PUT" } else { "DELETE" }, &path, Value::Null).await;
                own[*r].following = Some(follow);
            }
            Step::ViewChannel => {
                let view = json!({"channel_id": t.square, "collapsed_threads_supported": true});
                me.ok("POST", "/channels/members/me/view", view).await;
            }
        }
    }
    own
}

/// A reply as it is left: who, when, and what it says.
struct Left {
    author: String,
    at: i64,
    message: String,
}

impl Left {
    fn mentions(&self, person: &Person<'_>, name: &str) -> bool {
        self.author != person.id && self.message.contains(&format!("@{name}"))
    }
}

async fn left(t: &Team<'_>, root: &str) -> Vec<Left> {
    let thread = t.ana.get(&format!("/posts/{root}/thread?perPage=200")).await;
    let replies = thread["posts"].as_object().unwrap().values().filter(|p| p["root_id"] == json!(root));
    let reply = |p: &Value| Left {
        author: text(p, "user_id"),
        at: p["create_at"].as_i64().unwrap(),
        message: text(p, "message"),
    };
    replies.map(reply).collect()
}

fn number(value: &Value, key: &str) -> i64 {
    value[key].as_i64().unwrap_or_else(|| panic!("no {key} in {value}"))
}

fn count(found: usize) -> i64 {
    i64::try_from(found).unwrap()
}

/// Numbers of a team's threads, as the model adds them up.
#[derive(Debug, Default, PartialEq)]
struct Totals {
    threads: i64,
    unread: i64,
    mentions: i64,
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_counts_the_same_whatever_happened_at_once() {
    let cases = std::env::var("MUSTER_THREAD_CASES").map_or(4, |n| n.parse::<usize>().unwrap());
    let plan = proptest::collection::vec(steps(), NAMES.len());
    let mut runner = TestRunner::deterministic();
    for world in worlds().await {
        let t = team(&world).await;
        let (carla, dora) = (arrive(&world.api, "carla", &t.invite).await, arrive(&world.api, "dora", &t.invite).await);
        let people = [&t.ana, &t.bruno, &carla, &dora];
        for _ in 0..cases {
            let plan = plan.new_tree(&mut runner).unwrap().current();
            let before = t.ana.get(&format!("/channels/{}", t.square)).await;
            let mut roots = Vec::new();
            for person in [&t.ana, &t.bruno] {
                world.clock.advance(1);
                roots.push(text(&person.says(&t.square, "", "a thread").await, "id"));
            }
            let all = people.iter().zip(&plan).map(|(me, steps)| act(&world, &t, me, &roots, steps));
            let own: Vec<Vec<Own>> = futures::future::join_all(all).await;
            world.clock.advance(1);
            let context = format!("{}: after {plan:#?}", world.engine);
            let mut totals: BTreeMap<usize, Totals> = BTreeMap::new();
            for (r, root) in roots.iter().enumerate() {
                let mut replies = left(&t, root).await;
                replies.sort_by_key(|reply| reply.at);
                for (who, person) in people.iter().enumerate() {
                    let mine = &own[who][r];
                    let seen = person.get(&format!("/users/me/teams/{}/threads/{root}", t.id)).await;
                    check_thread(&replies, &seen, &context);
                    let since = number(&seen, "last_viewed_at");
                    if let Some(viewed) = mine.viewed {
                        assert_eq!(since, viewed, "{}'s last look; {context}", NAMES[who]);
                    }
                    let following = seen["is_following"].as_bool().unwrap();
                    let called =
                        plan.iter().flatten().any(|s| matches!(s, Step::Reply(at, Some(w)) if *at == r && *w == who));
                    if let (false, Some(expected)) = (called, mine.following) {
                        assert_eq!(following, expected, "whether {} follows; {context}", NAMES[who]);
                    }
                    if since == 0 && !following {
                        continue;
                    }
                    let new: Vec<&Left> = replies.iter().filter(|reply| reply.at > since).collect();
                    let mentions = new.iter().filter(|reply| reply.mentions(person, NAMES[who])).count();
                    let unread = (number(&seen, "unread_replies"), number(&seen, "unread_mentions"));
                    assert_eq!(unread, (count(new.len()), count(mentions)), "unread of {}; {context}", NAMES[who]);
                    if following && !replies.is_empty() {
                        let sum = totals.entry(who).or_default();
                        sum.threads += 1;
                        sum.unread += i64::from(!new.is_empty());
                        sum.mentions += count(mentions);
                    }
                }
            }
            for (who, person) in people.iter().enumerate() {
                let list = person.get(&format!("/users/me/teams/{}/threads", t.id)).await;
                let found = Totals {
                    threads: number(&list, "total"),
                    unread: number(&list, "total_unread_threads"),
                    mentions: number(&list, "total_unread_mentions"),
                };
                assert_eq!(found, totals.remove(&who).unwrap_or_default(), "threads of {}; {context}", NAMES[who]);
                let looked = plan[who].iter().any(|s| matches!(s, Step::ViewChannel));
                check_channel(&t, person, NAMES[who], looked, &context).await;
            }
            // Every reply counts for the channel, also one that was deleted.
            let written = plan.iter().flatten().filter(|s| matches!(s, Step::Reply(..))).count();
            let after = t.ana.get(&format!("/channels/{}", t.square)).await;
            let grown = number(&after, "total_msg_count") - number(&before, "total_msg_count");
            assert_eq!(grown, count(written + ROOTS), "messages of the channel; {context}");
            let roots_grown = number(&after, "total_msg_count_root") - number(&before, "total_msg_count_root");
            assert_eq!(roots_grown, count(ROOTS), "first messages; {context}");
            // Gone, so that the next case counts its own threads only.
            for (root, person) in roots.iter().zip([&t.ana, &t.bruno]) {
                person.ok("DELETE", &format!("/posts/{root}"), Value::Null).await;
            }
        }
    }
}

/// What is the same for everybody.
fn check_thread(replies: &[Left], seen: &Value, context: &str) {
    assert_eq!(number(seen, "reply_count"), count(replies.len()), "replies; {context}");
    assert_eq!(number(seen, "last_reply_at"), replies.last().map_or(0, |reply| reply.at), "last reply; {context}");
    let listed = seen["participants"].as_array().unwrap();
    let found: BTreeSet<String> = listed.iter().map(|p| text(p, "id")).collect();
    assert_eq!(found, replies.iter().map(|reply| reply.author.clone()).collect(), "participants; {context}");
    assert_eq!(listed.len(), found.len(), "each participant once; {context}");
}

/// The counters of a channel for one of its members: against the messages that are left, and nothing after a look.
/// A message that was on its way when the member `looked` counts although it bears an earlier time, so that then nothing
/// is said of single mentions.
async fn check_channel(t: &Team<'_>, person: &Person<'_>, name: &str, looked: bool, context: &str) {
    let path = format!("/channels/{}/members/me", t.square);
    let member = person.get(&path).await;
    let since = number(&member, "last_viewed_at");
    let page = person.get(&format!("/channels/{}/posts?per_page=200", t.square)).await;
    let posts = page["posts"].as_object().unwrap().values();
    let mentions = posts.filter(|p| {
        p["create_at"].as_i64().unwrap() > since
            && p["user_id"] != json!(person.id)
            && text(p, "message").contains(&format!("@{name}"))
    });
    let mentions = count(mentions.count());
    assert!(
        looked || number(&member, "mention_count") == mentions,
        "{mentions} mentions of {name}: {member}; {context}"
    );
    assert_eq!(number(&member, "mention_count_root"), 0, "no first message mentions {name}; {context}");
    let view = json!({"channel_id": t.square, "collapsed_threads_supported": true});
    person.ok("POST", "/channels/members/me/view", view).await;
    let (member, channel) = (person.get(&path).await, person.get(&format!("/channels/{}", t.square)).await);
    assert_eq!(number(&member, "mention_count"), 0, "{name} has seen the channel; {context}");
    for (own, all) in [("msg_count", "total_msg_count"), ("msg_count_root", "total_msg_count_root")] {
        assert_eq!(number(&member, own), number(&channel, all), "{own} of {name}; {context}");
    }
}

#[tokio::test]
async fn each_post_of_a_channel_is_later_than_the_one_before() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let mut ears = Ears::of(&world, &t.bruno.id).await;
        // The clock stands still: all of this is one millisecond.
        let posts = (0..200).map(|n| {
            let (t, who) = (&t, if n % 2 == 0 { &t.ana } else { &t.bruno });
            async move { number(&who.says(&t.square, "", &format!("post {n}")).await, "create_at") }
        });
        let mut times = futures::future::join_all(posts).await;
        let mut heard = Vec::new();
        while heard.len() < times.len() {
            heard.push(number(&ears.next("posted").await.inner("post"), "create_at"));
        }
        assert!(heard.is_sorted_by(|a, b| a < b), "{engine}: {heard:?}");
        times.sort_unstable();
        assert_eq!(times, heard, "{engine}");
        // Who knows half of them asks for the rest.
        let rest = t.bruno.get(&format!("/channels/{}/posts?since={}", t.square, heard[99])).await;
        assert_eq!(rest["order"].as_array().unwrap().len(), 100, "{engine}");
        t.bruno.ok("POST", "/channels/members/me/view", json!({"channel_id": t.square})).await;
        let member = t.bruno.get(&format!("/channels/{}/members/me", t.square)).await;
        assert_eq!(number(&member, "last_viewed_at"), heard[199], "{engine}: what is ahead of the clock was seen");
        // A last post from a bulk file of next year is no reason to write in next year.
        let next_year = Sql::new("UPDATE channels SET last_post_at = last_post_at + 31536000000 WHERE id = $1");
        let mut tx = world.site.db.write().await.unwrap();
        tx.execute(&next_year, params![&t.square]).await.unwrap();
        tx.commit().await.unwrap();
        let post = t.ana.says(&t.square, "", "today").await;
        assert_eq!(number(&post, "create_at"), world.clock.now_ms(), "{engine}");
    }
}
