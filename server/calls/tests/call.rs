//! Two people in a call through the real server, with stand-ins for rtcd and the recording service.

mod support;

use axum::http::StatusCode;
use rtcd_client::{Message, RtcKind};
use serde_json::{Value, json};
use support::{CALLS, Offloader, Place, Rtcd, Socket, text};

#[tokio::test]
async fn two_people_walk_through_a_call() {
    for (engine, db) in db::testing::databases().await {
        let (rtcd, offloader) = (Rtcd::start().await, Offloader::start().await);
        let place = Place::start(&db, &rtcd, &offloader, calls::Config::default()).await;
        let (ana, bea, channel) = place.people().await;
        place.connected().await;
        let mut at_ana = ana.socket().await;
        at_ana.send("join", json!({"channelID": channel, "title": "", "threadID": ""})).await;
        let mut events = Vec::new();
        for _ in 0..5 {
            events.push(at_ana.next().await);
        }
        let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["call_host_changed", "call_start", "join", "user_joined", "call_state"], "{engine}");
        let start = &events[1].1["data"];
        assert_eq!((&start["host_id"], &start["owner_id"]), (&json!(ana.id), &json!(ana.id)), "{engine}");
        assert_eq!(start["channelID"], channel.as_str(), "{engine}");
        let state: Value = serde_json::from_str(&text(&events[4].1["data"], "call")).unwrap();
        assert_eq!(state["sessions"][0]["session_id"], at_ana.id.as_str(), "{engine}");
        let post_id = text(start, "post_id");
        let post = ana.post(&post_id, |_| true).await;
        assert_eq!(
            (&post["type"], &post["message"]),
            (&json!("custom_calls"), &json!("ana started a call")),
            "{engine}"
        );
        assert_eq!(post["props"]["start_at"], start["start_at"], "{engine}");

        at_ana.offer("v=0 offer").await;
        let answer = at_ana.until("signal").await;
        assert_eq!(text(&answer["data"], "data"), r#"{"type":"answer","sdp":"v=0 answer"}"#, "{engine}");
        assert_eq!(answer["broadcast"]["connection_id"], at_ana.id.as_str(), "{engine}");
        let candidate = at_ana.until("signal").await;
        assert!(text(&candidate["data"], "data").starts_with(r#"{"type":"candidate""#), "{engine}");
        let id = at_ana.id.clone();
        let offer = rtcd.heard(|m| matches!(m, Message::Rtc(r) if r.kind == RtcKind::SDP && r.session_id == id)).await;
        let Message::Rtc(offer) = offer else { panic!() };
        assert_eq!(&offer.data[..], br#"{"type":"offer","sdp":"v=0 offer"}"#, "{engine}");

        let mut at_bea = bea.socket().await;
        at_bea.join(&channel).await;
        assert_eq!(at_bea.names(2).await, ["user_joined", "call_state"], "{engine}");
        at_bea.send("unmute", json!({})).await;
        let unmuted = at_ana.until("user_unmuted").await;
        assert_eq!(
            unmuted["data"],
            json!({"userID": bea.id, "session_id": at_bea.id, "channelID": channel}),
            "{engine}"
        );
        let to = &unmuted["broadcast"];
        assert_eq!((&to["user_id"], &to["channel_id"]), (&json!(ana.id), &json!(channel)), "{engine}");
        assert_eq!(at_ana.until("user_voice_on").await["data"]["session_id"], at_bea.id.as_str(), "{engine}");
        at_bea.send("screen_on", json!({"data": r#"{"screenStreamID":"stream"}"#})).await;
        at_ana.until("user_screen_on").await;
        at_ana.send("react", json!({"data": r#"{"name":"wave","unified":"1f44b"}"#})).await;
        assert_eq!(at_bea.until("user_reacted").await["data"]["emoji"]["name"], "wave", "{engine}");

        let list = bea.ok("GET", &format!("{CALLS}/channels"), Value::Null).await;
        assert_eq!(list[0]["call"]["screen_sharing_session_id"], at_bea.id.as_str(), "{engine}");
        let mute = json!({"session_id": at_bea.id});
        let (status, answer) = bea.call("POST", &format!("{CALLS}/calls/{channel}/host/mute"), mute.clone()).await;
        assert_eq!((status, &answer["message"]), (StatusCode::BAD_REQUEST, &json!("no permissions")), "{engine}");
        let (status, answer) =
            ana.call("POST", &format!("{CALLS}/calls/{channel}/host/mute"), json!({"session_id": 7})).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{engine}");
        assert!(text(&answer, "message").starts_with("session_id: invalid type"), "{engine}: {answer}");
        ana.ok("POST", &format!("{CALLS}/calls/{channel}/host/mute"), mute).await;
        assert_eq!(at_bea.until("host_mute").await["data"]["session_id"], at_bea.id.as_str(), "{engine}");

        // Her connection breaks and comes back as another one; the call does not notice.
        let session = at_bea.id.clone();
        at_bea.close().await;
        let mut at_bea = bea.socket().await;
        at_bea.send("reconnect", json!({"channelID": channel, "originalConnID": session, "prevConnID": session})).await;
        at_bea.offer("v=0 again").await;
        assert_eq!(at_bea.until("signal").await["data"]["connID"], session.as_str(), "{engine}");
        at_bea.send("leave", json!({})).await;
        assert_eq!(at_ana.until("user_screen_off").await["data"]["channelID"], channel.as_str(), "{engine}");
        assert_eq!(at_ana.until("user_left").await["data"]["session_id"], session.as_str(), "{engine}");

        at_ana.send("leave", json!({})).await;
        let ended = ana.post(&post_id, |p| p["props"]["end_at"].is_i64()).await;
        assert_eq!(ended["message"], "Call ended", "{engine}");
        assert_eq!(ended["props"]["participants"], json!([ana.id, bea.id]), "{engine}");
        let (_, entry) = ana.call("GET", &format!("{CALLS}/{channel}"), Value::Null).await;
        assert_eq!(entry, json!({"channel_id": channel, "enabled": true}), "{engine}");
        let stats = ana.ok("GET", &format!("{CALLS}/stats"), Value::Null).await;
        assert_eq!((&stats["total_calls"], &stats["total_active_calls"]), (&json!(1), &json!(0)), "{engine}");
    }
}

#[tokio::test]
async fn a_recording_and_its_transcript_come_into_the_thread() {
    for (engine, db) in db::testing::databases().await {
        let (rtcd, offloader) = (Rtcd::start().await, Offloader::start().await);
        let place = Place::start(&db, &rtcd, &offloader, calls::Config::default()).await;
        let (ana, bea, channel) = place.people().await;
        place.connected().await;
        let (mut at_ana, mut at_bea) = (ana.socket().await, bea.socket().await);
        at_ana.join(&channel).await;
        at_bea.join(&channel).await;
        let recording = |what: &str| format!("{CALLS}/calls/{channel}/recording/{what}");
        assert_eq!(bea.call("POST", &recording("start"), Value::Null).await.0, StatusCode::FORBIDDEN, "{engine}");
        *offloader.refusal.lock().unwrap() = Some("max concurrent jobs reached".into());
        let (status, refused) = ana.call("POST", &recording("start"), Value::Null).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{engine}");
        assert!(text(&refused, "message").contains("max concurrent jobs reached"), "{engine}: {refused}");
        *offloader.refusal.lock().unwrap() = None;
        let state = ana.ok("POST", &recording("start"), Value::Null).await;
        assert_eq!((&state["type"], &state["start_at"]), (&json!("recording"), &json!(0)), "{engine}");

        let jobs = offloader.jobs.lock().unwrap().clone();
        let input = |at: usize| jobs[at]["input_data"].clone();
        let (rec, tr) = (text(&input(0), "recording_id"), text(&input(1), "transcription_id"));
        let post_id = text(&input(0), "post_id");
        let bot = support::Person { token: text(&input(0), "auth_token"), id: String::new(), ..ana.clone() };
        let mut worker = bot.socket().await;
        worker.send("join", json!({"channelID": channel, "jobID": rec})).await;
        let (_, state) = {
            worker.until("join").await;
            worker.next().await
        };
        assert_eq!(state["data"]["jobState"]["type"], "recording", "{engine}: the worker learns of the job");
        worker.until("call_state").await;
        let bot_api = format!("{CALLS}/bot/calls/{channel}");
        assert_eq!(
            ana.call("GET", &format!("{bot_api}/filename"), Value::Null).await.0,
            StatusCode::FORBIDDEN,
            "{engine}"
        );
        let name = bot.ok("GET", &format!("{bot_api}/filename"), Value::Null).await;
        assert!(text(&name, "filename").starts_with("Call_Town_Square_"), "{engine}: {name}");
        let session = at_bea.id.clone();
        let profile = bot.ok("GET", &format!("{bot_api}/sessions/{session}/profile"), Value::Null).await;
        assert_eq!((&profile["id"], &profile["username"]), (&json!(bea.id), &json!("bea")), "{engine}");
        for (kind, job) in [("recording", &rec), ("transcribing", &tr)] {
            let status = json!({"JobType": kind, "Status": "started"});
            bot.ok("POST", &format!("{bot_api}/jobs/{job}/status"), status).await;
        }
        loop {
            let state = at_bea.until("call_job_state").await["data"]["jobState"].clone();
            if state["type"] == "captioning" && state["start_at"].as_i64().unwrap() > 0 {
                break;
            }
        }
        worker.send("caption", json!({"session_id": session, "text": "The truck", "new_audio_len_ms": 2000.0})).await;
        assert_eq!(at_ana.until("caption").await["data"]["text"], "The truck", "{engine}");

        ana.ok("POST", &recording("stop"), Value::Null).await;
        assert_eq!(worker.until("job_stop").await["data"]["job_id"], rec.as_str(), "{engine}");
        worker.send("leave", json!({})).await;
        let film = upload(&bot, &channel, "film.webm", "a film").await;
        let vtt = upload(&bot, &channel, "words.vtt", "WEBVTT").await;
        let txt = upload(&bot, &channel, "words.txt", "ana: hello").await;
        let body = json!({"JobID": rec, "PostID": post_id, "FileIDs": [film]});
        bot.ok("POST", &format!("{bot_api}/recordings"), body.clone()).await;
        bot.ok("POST", &format!("{bot_api}/recordings"), body).await;
        let one = json!({"Title": "words", "Language": "en", "FileIDs": [vtt, txt]});
        let body = json!({"JobID": tr, "PostID": post_id, "Transcriptions": [one]});
        bot.ok("POST", &format!("{bot_api}/transcriptions"), body).await;
        let wrong = json!({"JobID": tr, "PostID": post_id, "FileIDs": [film]});
        assert_eq!(
            bot.call("POST", &format!("{bot_api}/recordings"), wrong).await.0,
            StatusCode::BAD_REQUEST,
            "{engine}"
        );

        let thread = ana.ok("GET", &format!("/api/v4/posts/{post_id}/thread"), Value::Null).await;
        let posts = thread["posts"].as_object().unwrap();
        assert_eq!(posts.len(), 3, "{engine}: a repeated hand-over makes no second post");
        let of_kind = |kind: &str| posts.values().find(|p| p["type"] == kind).unwrap().clone();
        let (posted, written) = (of_kind("custom_calls_recording"), of_kind("custom_calls_transcription"));
        assert_eq!((&posted["file_ids"], &written["file_ids"]), (&json!([film]), &json!([txt])), "{engine}");
        assert_eq!(posted["props"]["recording_id"], rec.as_str(), "{engine}");
        let captions = json!([{"title": "words", "language": "en", "file_id": vtt}]);
        assert_eq!((&posted["props"]["captions"], &written["props"]["captions"]), (&captions, &captions), "{engine}");
        assert!(text(&posted, "message").contains("Transcription is processing"), "{engine}");
        let call = &posts[&post_id]["props"];
        assert_eq!(call["recordings"][&rec]["tr_id"], tr.as_str(), "{engine}");
        assert_eq!(call["recordings"][&rec]["post_id"], posted["id"], "{engine}");
        assert_eq!(call["transcriptions"][&tr]["rec_id"], rec.as_str(), "{engine}");
        let (status, words) = bea.call("GET", &format!("/api/v4/files/{vtt}"), Value::Null).await;
        assert_eq!((status, words), (StatusCode::OK, json!("WEBVTT")), "{engine}: members may read the captions");
        let (status, piece) = bea.part(&format!("/api/v4/files/{film}"), "bytes=2-3").await;
        assert_eq!((status, piece.as_str()), (StatusCode::PARTIAL_CONTENT, "fi"), "{engine}: and play the film");
    }
}

async fn upload(bot: &support::Person, channel: &str, name: &str, content: &str) -> String {
    let wanted = json!({"channel_id": channel, "filename": name, "file_size": content.len()});
    let session = bot.ok("POST", &format!("{CALLS}/bot/uploads"), wanted).await;
    let path = format!("{CALLS}/bot/uploads/{}", text(&session, "id"));
    let (head, tail) = content.split_at(2);
    assert_eq!(bot.call("POST", &path, head.into()).await.0, StatusCode::NO_CONTENT);
    assert_eq!(bot.ok("GET", &path, Value::Null).await["file_offset"], 2);
    text(&bot.ok("POST", &path, tail.into()).await, "id")
}

#[tokio::test]
async fn a_restart_of_the_server_keeps_the_call_and_one_of_rtcd_ends_it() {
    for (engine, db) in db::testing::databases().await {
        let (rtcd, offloader) = (Rtcd::start().await, Offloader::start().await);
        let place = Place::start(&db, &rtcd, &offloader, calls::Config::default()).await;
        let (ana, _, channel) = place.people().await;
        place.connected().await;
        let mut at_ana = ana.socket().await;
        at_ana.join(&channel).await;
        at_ana.send("raise_hand", json!({})).await;
        at_ana.until("user_raise_hand").await;
        let session = at_ana.id.clone();
        drop(place);
        drop(at_ana);

        let place = Place::start(&db, &rtcd, &offloader, calls::Config::default()).await;
        place.connected().await;
        let ana = place.login("ana").await;
        let entry = ana.ok("GET", &format!("{CALLS}/{channel}"), Value::Null).await;
        assert_eq!(entry["call"]["sessions"][0]["session_id"], session.as_str(), "{engine}");
        assert!(entry["call"]["sessions"][0]["raised_hand"].as_i64().unwrap() > 0, "{engine}");
        assert_eq!(entry["call"]["host_id"], ana.id.as_str(), "{engine}");
        let mut at_ana = Socket::open(&ana, "").await;
        at_ana.send("reconnect", json!({"channelID": channel, "originalConnID": session, "prevConnID": session})).await;
        at_ana.offer("v=0 back").await;
        assert_eq!(at_ana.until("signal").await["data"]["connID"], session.as_str(), "{engine}");

        rtcd.kill();
        let address = rtcd.url.trim_start_matches("http://").to_owned();
        let again = Rtcd::at(&address).await;
        assert_eq!(at_ana.until("user_left").await["data"]["session_id"], session.as_str(), "{engine}");
        let post_id = text(&entry["call"], "post_id");
        ana.post(&post_id, |p| p["message"] == "Call ended").await;
        at_ana.join(&channel).await;
        again.heard(|m| matches!(m, Message::Join(_))).await;
    }
}

#[tokio::test]
async fn without_rtcd_joining_says_so_and_works_once_it_is_there() {
    let (_, db) = db::testing::databases().await.remove(0);
    let (rtcd, offloader) = (Rtcd::absent(), Offloader::start().await);
    let place = Place::start(&db, &rtcd, &offloader, calls::Config::default()).await;
    let (ana, bea, channel) = place.people().await;
    let mut at_ana = ana.socket().await;
    at_ana.send("join", json!({"channelID": channel})).await;
    let (name, event) = at_ana.next().await;
    assert_eq!((name.as_str(), &event["data"]["connID"]), ("error", &json!(at_ana.id)));
    let reason = text(&event["data"], "data");
    assert!(reason.contains("the call service (rtcd) is not available"), "{reason}");

    let there = Rtcd::at(rtcd.url.trim_start_matches("http://")).await;
    place.connected().await;
    at_ana.join(&channel).await;
    there.heard(|m| matches!(m, Message::Join(_))).await;

    // A channel where calls are turned off lets nobody start one, but this one goes on.
    let off = json!({"enabled": false});
    assert_eq!(bea.call("POST", &format!("{CALLS}/{channel}"), off.clone()).await.0, StatusCode::FORBIDDEN);
    ana.ok("POST", &format!("{CALLS}/{channel}"), off).await;
    at_ana.until("channel_disable_voice").await;
    let mut at_bea = bea.socket().await;
    at_bea.join(&channel).await;
    ana.ok("POST", &format!("{CALLS}/calls/{channel}/end"), Value::Null).await;
    at_bea.until("call_end").await;
    at_bea.send("leave", json!({})).await;
    at_ana.send("leave", json!({})).await;
    for _ in 0..500 {
        let active = ana.call("GET", &format!("{CALLS}/calls/{channel}/active"), Value::Null).await.1;
        if active["active"] == false {
            break;
        }
        // Within the limit of requests per second.
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    at_ana.send("join", json!({"channelID": channel})).await;
    assert_eq!(at_ana.until("error").await["data"]["data"], "calls are disabled in the channel");
}

#[tokio::test]
async fn who_asks_too_often_is_told_so() {
    let (_, db) = db::testing::databases().await.remove(0);
    let (rtcd, offloader) = (Rtcd::start().await, Offloader::start().await);
    let config = calls::Config { request_burst: 3, requests_per_second: 0, ..calls::Config::default() };
    let place = Place::start(&db, &rtcd, &offloader, config).await;
    let (ana, _, _) = place.people().await;
    let path = format!("{CALLS}/config");
    for _ in 0..3 {
        let config = ana.ok("GET", &path, Value::Null).await;
        assert_eq!((&config["DefaultEnabled"], &config["GroupCallsAllowed"]), (&json!(true), &json!(true)));
    }
    let (status, answer) = ana.call("GET", &path, Value::Null).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer, json!({"message": "too many requests", "status_code": 429}));
    let nobody = support::Person { token: String::new(), ..ana };
    assert_eq!(nobody.call("GET", &path, Value::Null).await, (StatusCode::UNAUTHORIZED, json!("Unauthorized")));
}
