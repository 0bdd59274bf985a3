//! What people see of the agent, through the real router, with a stand-in for the language model service.

mod support;

use axum::http::StatusCode;
use serde_json::{Value, json};
use support::{ANSWER, Place, StandIn, arrive, config, text};
use tokio::sync::Semaphore;

const PLENTY: usize = Semaphore::MAX_PERMITS >> 1;

#[tokio::test]
async fn a_question_is_answered_in_its_thread_while_one_watches() {
    for (engine, db) in db::testing::databases().await {
        let model = StandIn::start(0).await;
        let (mut place, ana) = Place::open(db, config(&model.url)).await;
        let question = ana.say(&place.channel, "", "@muster what is a generator used for?").await;
        let reply = place.reply(&place.channel, |p| p.root_id == question).await;
        assert_eq!(reply.message, "", "{engine}: the reply is there before the first word");
        let prop = |key: &str| reply.props[key].as_str().unwrap().to_owned();
        assert_eq!(prop("llm_requester_user_id"), ana.id);
        assert_eq!((prop("responding_to"), prop("unsafe_links")), (question.clone(), "true".into()));
        for _ in ANSWER {
            model.words.add_permits(1);
            tokio::time::sleep(std::time::Duration::from_millis(60)).await;
        }
        let told = place.told(&reply.id).await;
        let whole = ANSWER.concat();
        assert_eq!((told[0].as_str(), told.last().unwrap().as_str()), ("[start]", "[end]"), "{engine}: {told:?}");
        let texts: Vec<&String> = told.iter().filter(|t| !t.starts_with('[')).collect();
        assert!(texts.len() >= 3, "{engine}: the text grew in steps: {told:?}");
        assert!(texts.windows(2).all(|w| w[1].starts_with(w[0].as_str())), "{engine}: each is the full text: {told:?}");
        assert_eq!(*texts[texts.len() - 1], whole, "{engine}");
        place.reply(&place.channel, |p| p.id == reply.id && p.message == whole).await;
        let prompt = model.prompts().remove(0);
        assert!(prompt.ends_with("\nwhat is a generator used for?"), "{prompt}");

        // The thread is known in the next question, and the agent's own words come as its own.
        model.words.add_permits(PLENTY);
        let more = ana.say(&place.channel, &question, "@muster and at night?").await;
        place.reply(&place.channel, |p| p.props["responding_to"] == more.as_str() && p.message == whole).await;
        let request = model.requests.lock().unwrap()[1].clone();
        let roles: Vec<&str> =
            request["messages"].as_array().unwrap().iter().map(|m| m["role"].as_str().unwrap()).collect();
        assert_eq!(roles, ["system", "user", "assistant", "user"], "{engine}");
        assert_eq!(request["messages"][3]["content"], "and at night?", "{engine}");
    }
}

#[tokio::test]
async fn a_model_that_speaks_english_is_asked_and_answers_in_portuguese() {
    for (engine, db) in db::testing::databases().await {
        let model = StandIn::start(PLENTY).await;
        let (place, ana) = Place::open(db, config(&model.url)).await;
        let question = ana.say(&place.channel, "", "@muster olá, o que é um gerador?").await;
        let whole = format!("[en>pt] {}", ANSWER.concat());
        place.reply(&place.channel, |p| p.root_id == question && p.message == whole).await;
        let prompt = model.prompts().remove(0);
        assert!(prompt.ends_with("\n[pt>en] olá, o que é um gerador?"), "{engine}: {prompt}");
    }
}

#[tokio::test]
async fn who_asked_may_stop_and_repeat_and_nobody_else() {
    for (engine, db) in db::testing::databases().await {
        let model = StandIn::start(1).await;
        let (mut place, ana) = Place::open(db, config(&model.url)).await;
        let bruno = arrive(&place.api, "bruno", &place.invite).await;
        let question = ana.say(&place.channel, "", "@muster tell me about pumps").await;
        let reply = place.reply(&place.channel, |p| p.root_id == question && p.message.is_empty()).await;
        let on = |action: &str| format!("/post/{}/{action}", reply.id);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        assert_eq!(bruno.ask(&on("stop"), Value::Null).await.0, StatusCode::FORBIDDEN, "{engine}");
        assert_eq!(
            ana.ask(&on("regenerate"), Value::Null).await.0,
            StatusCode::CONFLICT,
            "{engine}: it is being written"
        );
        let (status, _) = ana.ask(&format!("/post/{question}/stop"), Value::Null).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{engine}: not a post of the agent");
        assert_eq!(ana.ask(&on("stop"), Value::Null).await.0, StatusCode::OK, "{engine}");
        let told = place.told(&reply.id).await;
        assert_eq!(told[told.len() - 2..], ["[cancel]", "[end]"], "{engine}: {told:?}");
        place.reply(&place.channel, |p| p.id == reply.id && p.message == ANSWER[0]).await;

        model.words.add_permits(PLENTY);
        assert_eq!(bruno.ask(&on("regenerate"), Value::Null).await.0, StatusCode::FORBIDDEN, "{engine}");
        assert_eq!(ana.ask(&on("regenerate"), Value::Null).await.0, StatusCode::OK, "{engine}");
        place.reply(&place.channel, |p| p.id == reply.id && p.message == ANSWER.concat()).await;
        assert_eq!(place.told(&reply.id).await[0], "[start]", "{engine}");
        let runs: Vec<String> = outcomes(&place).await;
        assert_eq!(runs, ["stopped", "finished"], "{engine}: every run is on record");
    }
}

/// How the runs ended, oldest first; waits until all have ended.
async fn outcomes(place: &Place) -> Vec<String> {
    const ALL: db::Sql = db::Sql::new("SELECT outcome FROM agent_runs ORDER BY create_at, id");
    for _ in 0..200 {
        let mut conn = place.site.db.read().await.unwrap();
        let all: Vec<String> = conn.fetch(&ALL, vec![], db::Row::only).await.unwrap();
        if all.iter().all(|o| !o.is_empty()) {
            return all;
        }
        drop(conn);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("a run has no recorded end");
}

#[tokio::test]
async fn without_a_model_the_asker_is_told_and_it_comes_back_by_itself() {
    for (engine, db) in db::testing::databases().await {
        let vacant = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = vacant.local_addr().unwrap();
        drop(vacant);
        let (place, ana) = Place::open(db, config(&format!("http://{address}"))).await;
        let question = ana.say(&place.channel, "", "@muster are you there?").await;
        let sorry = place.reply(&place.channel, |p| p.root_id == question && !p.message.is_empty()).await;
        assert!(
            sorry.message.contains("not available") && sorry.message.contains("muster status"),
            "{}",
            sorry.message
        );
        assert!(outcomes(&place).await[0].contains("cannot be reached"), "{engine}: the reason is on record");
        ana.say(&place.channel, "", "chat goes on").await;

        let model = StandIn::start(PLENTY).await;
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let target = model.url.trim_start_matches("http://").to_owned();
        tokio::spawn(async move {
            while let Ok((mut from, _)) = listener.accept().await {
                let target = target.clone();
                tokio::spawn(async move {
                    let mut to = tokio::net::TcpStream::connect(target).await.unwrap();
                    tokio::io::copy_bidirectional(&mut from, &mut to).await
                });
            }
        });
        let (status, _) = ana.ask(&format!("/post/{}/regenerate", sorry.id), Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{engine}");
        place.reply(&place.channel, |p| p.id == sorry.id && p.message == ANSWER.concat()).await;
    }
}

#[tokio::test]
async fn a_busy_model_is_asked_again_and_a_full_house_says_so() {
    let (_, db) = db::testing::databases().await.remove(0);
    let model = StandIn::start(0).await;
    *model.busy.lock().unwrap() = 1;
    let tight = agents::Config { max_parallel_runs: 1, max_waiting_runs: 0, ..config(&model.url) };
    let (place, ana) = Place::open(db, tight).await;
    let first = ana.say(&place.channel, "", "@muster one").await;
    place.reply(&place.channel, |p| p.root_id == first).await;
    let second = ana.say(&place.channel, "", "@muster two").await;
    let refusal = place.reply(&place.channel, |p| p.root_id == second && !p.message.is_empty()).await;
    assert!(refusal.message.contains("busy"), "{}", refusal.message);
    let (status, _) = ana.ask(&format!("/post/{first}/analyze"), json!({"analysis_type": "action_items"})).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    model.words.add_permits(PLENTY);
    place.reply(&place.channel, |p| p.root_id == first && p.message == ANSWER.concat()).await;
}

#[tokio::test]
async fn threads_and_channels_are_summarised_for_those_who_may_read_them() {
    for (engine, db) in db::testing::databases().await {
        let model = StandIn::start(PLENTY).await;
        let (place, ana) = Place::open(db, config(&model.url)).await;
        let bruno = arrive(&place.api, "bruno", &place.invite).await;
        let secret = json!({"team_id": place.team, "name": "command", "display_name": "Command", "type": "P"});
        let secret = text(&ana.ok("POST", "/api/v4/channels", secret).await, "id");
        let root = ana.say(&secret, "", "The convoy leaves at dawn").await;
        ana.say(&secret, &root, "Fuel is ready").await;

        let ask = ana.say(&secret, &root, "@muster summarise this thread").await;
        place.reply(&secret, |p| p.props["responding_to"] == ask.as_str() && p.message == ANSWER.concat()).await;
        let prompt = model.prompts().remove(0);
        assert!(prompt.contains("ana: The convoy leaves at dawn\nana: Fuel is ready"), "{engine}: {prompt}");
        assert!(!prompt.contains("summarise this thread"), "{engine}: the request itself is not part of it: {prompt}");

        let analyze = format!("/post/{root}/analyze");
        let (status, begun) = ana.ask(&analyze, json!({"analysis_type": "summarize_thread"})).await;
        assert_eq!(status, StatusCode::OK, "{engine}: {begun}");
        let direct = text(&begun, "channelid");
        place.reply(&direct, |p| p.id == begun["postid"] && p.message == ANSWER.concat()).await;
        let (status, bots) = ana.call("GET", "/plugins/mattermost-ai/ai_bots", Value::Null).await;
        assert_eq!((status, &bots["bots"][0]["dmChannelID"]), (StatusCode::OK, &json!(direct)), "{engine}");
        let (_, threads) = ana.call("GET", "/plugins/mattermost-ai/ai_threads", Value::Null).await;
        assert_eq!(threads[0]["id"], begun["postid"], "{engine}");

        let span = json!({"start_time": 1, "end_time": 2, "preset_prompt": "summarize_unreads"});
        let interval = format!("/channel/{secret}/interval");
        for (path, body) in [
            (analyze.as_str(), json!({"analysis_type": "summarize_thread"})),
            (interval.as_str(), span.clone()),
            (&format!("/post/{root}/summarize_transcription"), Value::Null),
        ] {
            assert_eq!(bruno.ask(path, body).await.0, StatusCode::FORBIDDEN, "{engine}: {path}");
        }
        let (status, begun) = ana.ask(&interval, span).await;
        assert_eq!(status, StatusCode::OK, "{engine}");
        place.reply(&direct, |p| p.id == begun["postID"] && p.message.contains("nothing here")).await;
        let (status, _) = ana.ask(&format!("/post/{root}/react"), Value::Null).await;
        assert_eq!(status, StatusCode::NOT_IMPLEMENTED, "{engine}");

        // Whoever has left the channel gets nothing out of it by asking again.
        let member = json!({"user_id": bruno.id});
        ana.ok("POST", &format!("/api/v4/channels/{secret}/members"), member).await;
        let (_, begun) = bruno.ask(&analyze, json!({"analysis_type": "summarize_thread"})).await;
        let theirs = text(&begun, "channelid");
        place.reply(&theirs, |p| p.id == begun["postid"] && p.message == ANSWER.concat()).await;
        ana.ok("DELETE", &format!("/api/v4/channels/{secret}/members/{}", bruno.id), Value::Null).await;
        let asked = model.prompts().len();
        let (status, _) = bruno.ask(&format!("/post/{}/regenerate", text(&begun, "postid")), Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{engine}");
        place.reply(&theirs, |p| p.id == begun["postid"] && p.message.contains("may not read")).await;
        assert_eq!(model.prompts().len(), asked, "{engine}: the model was not asked");
    }
}

#[tokio::test]
async fn a_long_transcript_of_a_call_is_read_in_parts() {
    for (engine, db) in db::testing::databases().await {
        let model = StandIn::start(PLENTY).await;
        let small = agents::Config { max_prompt_chars: 900, max_parts: 8, ..config(&model.url) };
        let (mut place, ana) = Place::open(db, small).await;
        let none = ana.say(&place.channel, "", "@muster summarise the call").await;
        place.reply(&place.channel, |p| p.root_id == none && p.message.contains("no transcript")).await;

        let call = ana.say(&place.channel, "", "the call was here").await;
        let spoken: String = (0..40)
            .map(|i| format!("00:00:{i:02}.000 --> 00:00:{i:02}.900\n<v ana>(ana) Item {i} is the water pump.\n\n"))
            .collect();
        let file = format!("WEBVTT\n\n{spoken}").into_bytes();
        let stored =
            chat::files::store_bytes(&place.site, &ana.id, &place.channel, "call.vtt", file.into()).await.unwrap();
        let post = json!({"channel_id": place.channel, "root_id": call, "message": "here", "file_ids": [stored.id]});
        ana.ok("POST", "/api/v4/posts", post).await;
        let ask = ana.say(&place.channel, &call, "@muster resuma a chamada").await;
        let reply = place.reply(&place.channel, |p| p.props["responding_to"] == ask.as_str()).await;
        let told = place.told(&reply.id).await;
        assert!(told.iter().any(|t| t.contains("part 1 of")), "{engine}: {told:?}");
        place.reply(&place.channel, |p| p.id == reply.id && p.message == ANSWER.concat()).await;
        let prompts = model.prompts();
        assert!(prompts.len() >= 3, "{engine}: two parts and their sum, at least");
        assert!(prompts.iter().all(|p| p.chars().count() <= 900), "{engine}: every prompt fits");
        assert!(prompts[0].contains("Item 0 is") && !prompts[0].contains("-->"), "{engine}: {}", prompts[0]);
        let parts = prompts[..prompts.len() - 1].concat();
        assert!((0..40).all(|i| parts.contains(&format!("Item {i} is"))), "{engine}: nothing was left out");
        assert!(prompts[prompts.len() - 1].contains(&ANSWER.concat()), "{engine}: the sum is of the parts' summaries");
    }
}

#[tokio::test]
async fn what_a_gone_process_was_writing_is_explained() {
    for (engine, db) in db::testing::databases().await {
        let model = StandIn::start(0).await;
        let (place, ana) = Place::open(db, config(&model.url)).await;
        let question = ana.say(&place.channel, "", "@muster hello").await;
        let reply = place.reply(&place.channel, |p| p.root_id == question).await;
        // Another process finds the unfinished run of this one, which never ends by itself.
        let again = agents::start(place.site.clone(), config(&model.url), place.stop.clone()).await;
        assert!(again.is_ok(), "{engine}");
        place.reply(&place.channel, |p| p.id == reply.id && p.message.contains("restarted")).await;
    }
}
