//! Calls as they go, without anything around them.

use super::*;
use serde_json::json;

const BOT: &str = "bot";
const GRACE: i64 = 10_000;
const REJOIN: i64 = 60_000;

fn rules() -> Rules {
    Rules {
        bot_id: BOT.into(),
        max_participants: 0,
        screen_sharing: true,
        transcriptions: true,
        live_captions: true,
        grace_ms: GRACE,
        restart_grace_ms: 40_000,
        job_start_ms: 60_000,
        worker_rejoin_ms: REJOIN,
        max_recording_ms: 3_600_000,
    }
}

fn call_with(rules: Rules) -> Call {
    let start = Start {
        id: "call".into(),
        channel_id: "ch".into(),
        title: String::new(),
        post_id: "post".into(),
        thread_id: "post".into(),
        owner_id: "ana".into(),
    };
    Call::new(Arc::new(rules), start, 1000)
}

/// A call with these people, on connections `c-<name>`.
fn call_of(people: &[&str]) -> Call {
    let mut call = call_with(rules());
    for (name, at) in people.iter().zip(1000..) {
        call.join(&newcomer(name), at).unwrap();
    }
    call.take();
    call
}

fn newcomer(name: &str) -> Newcomer {
    Newcomer { connection_id: format!("c-{name}"), user_id: name.into(), ..Newcomer::default() }
}

fn worker(job_id: &str, connection: &str) -> Newcomer {
    Newcomer { connection_id: connection.into(), user_id: BOT.into(), job_id: job_id.into(), ..Newcomer::default() }
}

/// What followed since the last time: names of events, `>name` for messages to rtcd.
fn followed(call: &mut Call) -> Vec<String> {
    let (effects, _) = call.take();
    let name = |effect: &Effect| match effect {
        Effect::Tell(notice) => Some(notice.name.to_owned()),
        Effect::Rtcd(message) => Some(format!(">{}", message.kind())),
        Effect::Ended => Some("ENDED".into()),
        Effect::Gone(_) => None,
    };
    effects.iter().filter_map(name).collect()
}

fn told(call: &mut Call, name: &str) -> Vec<Notice> {
    let (effects, _) = call.take();
    let notice = |effect: Effect| match effect {
        Effect::Tell(notice) if notice.name == name => Some(notice),
        _ => None,
    };
    effects.into_iter().filter_map(notice).collect()
}

const ANA: Requester<'_> = Requester { user_id: "ana", is_admin: false };
const BEA: Requester<'_> = Requester { user_id: "bea", is_admin: false };

/// A recording whose workers have joined and begun.
fn recorded() -> (Call, Jobs) {
    let mut call = call_of(&["ana", "bea"]);
    let jobs = begin(&mut call);
    let transcription = jobs.transcription.clone().unwrap();
    for (id, connection, kind) in [(&jobs.recording, "w1", "recording"), (&transcription, "w2", "transcribing")] {
        call.job_created(id, Ok(format!("service-{id}")), 2000);
        call.join(&worker(id, connection), 2100).unwrap();
        call.job_status(id, kind, &StatusReport::Started, 2200).unwrap();
    }
    call.take();
    (call, jobs)
}

fn begin(call: &mut Call) -> Jobs {
    let mut count = 0;
    let mut id = || {
        count += 1;
        format!("job{count}")
    };
    call.start_recording("ana", &mut id, 2000).unwrap()
}

#[test]
fn the_first_joiner_hears_everything_in_the_order_of_the_protocol() {
    let mut call = call_with(rules());
    call.join(&newcomer("ana"), 1000).unwrap();
    assert_eq!(followed(&mut call), ["call_host_changed", "call_start", ">join", "join", "user_joined", "call_state"]);
    call.join(&newcomer("bea"), 1001).unwrap();
    assert_eq!(followed(&mut call), [">join", "join", "user_joined", "call_state"]);
    assert_eq!(call.may_join(&newcomer("bea")), Err(Refusal::AlreadyConnected));
}

#[test]
fn the_host_stays_until_the_last_session_is_gone_and_a_chosen_host_comes_back_as_host() {
    let mut call = call_of(&["ana", "bea", "cid"]);
    call.join(&Newcomer { connection_id: "c-ana2".into(), ..newcomer("ana") }, 2000).unwrap();
    call.leave("c-ana", 3000);
    assert_eq!(call.host_id, "ana", "the second device keeps the role");
    call.leave("c-ana2", 3001);
    assert_eq!(call.host_id, "bea", "who came first of those who are left");

    assert_eq!(call.make_host(ANA, "cid"), Err(ControlError::NotHost));
    call.make_host(BEA, "cid").unwrap();
    assert_eq!(call.host_id, "cid");
    call.leave("c-cid", 4000);
    assert_eq!(call.host_id, "bea");
    call.take();
    call.join(&newcomer("cid"), 5000).unwrap();
    assert_eq!(call.host_id, "cid");
    assert_eq!(followed(&mut call)[0], "call_host_changed");
}

#[test]
fn a_lost_connection_has_ten_seconds_to_come_back() {
    let mut call = call_of(&["ana", "bea"]);
    call.connection_lost("c-bea", 5000);
    assert_eq!(call.next_at(), Some(5000 + GRACE));
    call.tick(5000 + GRACE - 1);
    assert!(call.reconnect("c-bea", "bea", "c-new"), "in time");
    assert_eq!(call.next_at(), None);
    assert_eq!(followed(&mut call), [">reconnect"], "nobody else hears of it");
    call.signal_from_rtcd("c-bea", "{}");
    let signal = &told(&mut call, "signal")[0];
    assert_eq!(signal.to, Audience::Connection("c-new".into()));
    assert_eq!(signal.data["connID"], "c-bea", "the session's name never changes");

    assert!(!call.reconnect("c-bea", "ana", "c-thief"), "a session belongs to its user");
    call.connection_lost("c-bea", 20_000);
    assert_eq!(call.next_at(), None, "the old connection no longer counts");
    call.connection_lost("c-new", 20_000);
    call.tick(20_000 + GRACE);
    assert_eq!(followed(&mut call), [">leave", "user_left"]);
    assert!(!call.reconnect("c-bea", "bea", "c-late"));
}

#[test]
fn leaving_and_joining_on_one_connection_is_not_undone_by_rtcds_late_word() {
    let mut call = call_of(&["ana", "bea"]);
    call.leave("c-ana", 2000);
    call.join(&newcomer("ana"), 2100).unwrap();
    call.closed_by_rtcd("c-ana", 2200);
    assert!(call.session("c-ana").is_some(), "the word was about the session before");
    call.closed_by_rtcd("c-ana", 2300);
    assert!(call.session("c-ana").is_none(), "this one is about the new session");
    assert_eq!(call.user_of("c-ana"), Some("ana"), "its name is still needed for the transcript");
}

#[test]
fn one_screen_at_a_time_and_it_goes_with_its_owner() {
    let mut call = call_of(&["ana", "bea"]);
    assert!(call.screen_on("c-ana", "{}"));
    assert_eq!(followed(&mut call), [">rtc", "user_screen_on"]);
    assert!(!call.screen_on("c-bea", "{}"));
    call.switch("c-bea", Switch::ScreenOff, 2000);
    assert!(followed(&mut call).is_empty(), "only the sharer may stop it");
    call.closed_by_rtcd("c-ana", 3000);
    let (effects, dirty) = call.take();
    let off = effects.iter().find_map(|e| match e {
        Effect::Tell(n) if n.name == "user_screen_off" => Some(n.data.clone()),
        _ => None,
    });
    assert_eq!(off, Some(Props::new()), "the session that shared has vanished");
    assert!(!effects.iter().any(|e| matches!(e, Effect::Rtcd(_))), "rtcd knows already");
    assert!(dirty.call && dirty.sessions.contains("c-ana"));
    assert!(call.screen_on("c-bea", "{}"));
    let mut quiet = call_with(Rules { screen_sharing: false, ..rules() });
    quiet.join(&newcomer("ana"), 1000).unwrap();
    assert!(!quiet.screen_on("c-ana", "{}"), "turned off");
}

#[test]
fn the_call_ends_with_the_last_session() {
    let mut call = call_of(&["ana", "bea"]);
    call.leave("c-ana", 3000);
    call.take();
    call.leave("c-bea", 4000);
    assert_eq!(followed(&mut call), [">leave", "user_left", "call_host_changed", "ENDED"]);
    assert_eq!((call.end_at, call.participants.clone()), (4000, vec!["ana".to_owned(), "bea".into()]));
    assert_eq!(call.may_join(&newcomer("ana")), Err(Refusal::Ended));
}

#[test]
fn the_host_asks_and_clients_obey_or_are_taken_out() {
    let mut call = call_of(&["ana", "bea", "cid"]);
    call.host_mute(ANA, "c-bea").unwrap();
    assert!(followed(&mut call).is_empty(), "she is muted already");
    for name in ["c-bea", "c-cid"] {
        call.switch(name, Switch::Unmute, 2000);
    }
    call.take();
    call.host_mute_others(ANA).unwrap();
    let asked: Vec<Audience> = told(&mut call, "host_mute").into_iter().map(|n| n.to).collect();
    assert_eq!(asked, [Audience::User("bea".into()), Audience::User("cid".into())]);
    assert_eq!(call.host_mute(BEA, "c-cid"), Err(ControlError::NotHost));
    let admin = Requester { user_id: "root", is_admin: true };
    assert_eq!(call.host_remove(admin, "c-nobody", 3000), Err(ControlError::NotInCall));
    call.host_remove(admin, "c-bea", 3000).unwrap();
    assert_eq!(followed(&mut call), ["host_removed"]);
    call.tick(6000);
    assert_eq!(followed(&mut call), [">leave", "user_left"], "three seconds later she is out");
    call.host_end(ANA, 7000).unwrap();
    assert_eq!(followed(&mut call), ["call_end"]);
    assert_eq!(call.may_join(&newcomer("dan")), Err(Refusal::Ended));
    call.tick(12_000);
    assert!(followed(&mut call).contains(&"ENDED".into()));
}

#[test]
fn the_number_of_participants_is_limited() {
    let mut call = call_with(Rules { max_participants: 1, ..rules() });
    call.join(&newcomer("ana"), 1000).unwrap();
    assert_eq!(call.join(&newcomer("bea"), 1001), Err(Refusal::Limit));
}

#[test]
fn only_the_host_records_and_only_once() {
    let mut call = call_of(&["ana", "bea"]);
    assert_eq!(call.start_recording("bea", &mut String::new, 2000), Err(JobError::NotHost));
    assert_eq!(call.stop_recording("ana", 2000), Err(JobError::NotRecording));
    let jobs = begin(&mut call);
    assert_eq!(jobs.transcription.as_deref(), Some("job2"));
    assert_eq!(followed(&mut call), ["call_job_state"]);
    assert_eq!(call.start_recording("ana", &mut String::new, 2001), Err(JobError::AlreadyRecording));
}

#[test]
fn a_worker_joins_unseen_with_the_id_of_a_running_job() {
    let mut call = call_of(&["ana"]);
    assert_eq!(call.may_join(&worker("", "w1")), Err(Refusal::NoJobId));
    assert_eq!(call.may_join(&worker("job1", "w1")), Err(Refusal::NoJob));
    let jobs = begin(&mut call);
    assert_eq!(call.may_join(&worker("other", "w1")), Err(Refusal::OtherJob));
    call.take();
    call.join(&worker(&jobs.recording, "w1"), 2100).unwrap();
    assert_eq!(followed(&mut call), [">join", "join", "call_job_state", "call_state"]);
    assert_eq!(call.view("ana")["sessions"].as_array().unwrap().len(), 1, "the bot is not listed");
    assert_eq!(call.host_id, "ana");
    call.job_status(&jobs.recording, "recording", &StatusReport::Started, 2200).unwrap();
    let state = &told(&mut call, "call_job_state")[0];
    assert_eq!(state.data["callID"], "ch", "the call's name in this event is the channel's");
    assert_eq!(state.data["jobState"], json!({"type": "recording", "init_at": 2000, "start_at": 2200, "end_at": 0}));
    assert_eq!(state.to, Audience::Participants(vec!["ana".into()]));
    let again = call.job_status(&jobs.recording, "recording", &StatusReport::Started, 2300);
    assert_eq!(again, Err(JobError::AlreadyStarted));
    assert_eq!(call.job_status("x", "recording", &StatusReport::Started, 2300), Err(JobError::InvalidId));
    assert_eq!(call.job_status("x", "captioning", &StatusReport::Started, 2300), Err(JobError::InvalidType));
}

#[test]
fn captions_start_with_the_transcription_and_only_the_bot_tells_them() {
    let (mut call, jobs) = recorded();
    assert_eq!(call.captions.as_ref().map(|c| c.start_at), Some(2200));
    call.caption("c-bea", "c-ana", "made up");
    call.caption("w2", "c-ana", "The truck is here");
    let captions = told(&mut call, "caption");
    assert_eq!(captions.len(), 1);
    let wanted = json!({"channel_id": "ch", "user_id": "ana", "session_id": "c-ana", "text": "The truck is here"});
    assert_eq!(serde_json::Value::Object(captions[0].data.clone()), wanted);
    call.stop_recording("ana", 9000).unwrap();
    let stopped: Vec<_> = told(&mut call, "job_stop").into_iter().map(|n| n.data["job_id"].clone()).collect();
    assert_eq!(stopped, [json!(jobs.recording), json!(jobs.transcription)]);
    assert!(call.jobs().all(|j| j.end_at == 9000 && j.err.is_empty()));
    assert_eq!(
        call.job_status(&jobs.recording, "recording", &StatusReport::Failed("late".into()), 9100),
        Err(JobError::Ended)
    );
}

#[test]
fn a_job_that_fails_takes_the_other_with_it() {
    let (mut call, jobs) = recorded();
    let failed = StatusReport::Failed("the disk is full".into());
    call.job_status(jobs.transcription.as_ref().unwrap(), "transcribing", &failed, 5000).unwrap();
    let job = |job: &Option<Job>| job.as_ref().map(|j| (j.end_at, j.err.clone())).unwrap();
    assert_eq!(job(&call.transcription), (5000, "the disk is full".into()));
    assert_eq!(job(&call.recording), (5000, String::new()));
    assert_eq!(told(&mut call, "job_stop").len(), 2);
}

#[test]
fn a_job_that_does_not_begin_within_a_minute_has_failed() {
    let mut call = call_of(&["ana"]);
    let jobs = begin(&mut call);
    call.job_created(&jobs.recording, Ok("s".into()), 2100);
    assert_eq!(call.next_at(), Some(62_000));
    call.tick(62_000);
    let job = call.recording.clone().unwrap();
    assert_eq!(job.err, "failed to start recording job: timed out waiting for bot to join call");
    assert_eq!(job.end_at, 62_000);
    let mut call = call_of(&["ana"]);
    let jobs = begin(&mut call);
    let state = call.job_created(&jobs.recording, Err("max concurrent jobs reached".into()), 2100).unwrap();
    assert_eq!(state["err"], "failed to create recording job: max concurrent jobs reached");
    assert!(call.jobs().all(|j| !j.goes_on()));
}

#[test]
fn a_worker_that_was_killed_takes_up_its_job_again() {
    let (mut call, jobs) = recorded();
    call.connection_lost("w1", 3000);
    call.tick(3000 + GRACE);
    assert!(call.recording.as_ref().unwrap().goes_on());
    call.join(&worker(&jobs.recording, "w3"), 20_000).unwrap();
    call.tick(3000 + GRACE + REJOIN);
    assert!(call.recording.as_ref().unwrap().goes_on(), "it came back in time");

    // Back before its old session was noticed to be dead.
    call.take();
    call.join(&worker(&jobs.recording, "w4"), 90_000).unwrap();
    assert_eq!(followed(&mut call), [">leave", ">join", "join", "call_job_state", "call_state"]);
    call.closed_by_rtcd("w4", 100_000);
    call.tick(100_000 + REJOIN);
    let job = call.recording.clone().unwrap();
    assert!(!job.goes_on() && job.err.contains("did not come back"), "{}", job.err);
    assert!(!call.transcription.unwrap().goes_on());
}

#[test]
fn when_only_workers_are_left_they_are_told_to_stop_and_the_call_ends() {
    let (mut call, _) = recorded();
    call.leave("c-ana", 5000);
    call.leave("c-bea", 6000);
    let names = followed(&mut call);
    assert_eq!(names.iter().filter(|n| *n == "job_stop").count(), 2);
    assert!(call.host_id.is_empty() && call.end_at == 0);
    call.leave("w1", 6100);
    assert_eq!(followed(&mut call), [">leave"], "the bot's comings and goings are not told");
    call.tick(16_000);
    assert!(followed(&mut call).contains(&"ENDED".into()), "the other one did not leave by itself");
}

#[test]
fn a_recording_ends_at_its_longest() {
    let (mut call, _) = recorded();
    assert_eq!(call.next_at(), Some(2200 + 3_600_000));
    call.tick(2200 + 3_600_000);
    assert!(call.jobs().all(|j| !j.goes_on() && j.err.is_empty()));
}

#[test]
fn a_call_that_was_taken_over_waits_longer_and_asks_rtcd() {
    let (call, _) = recorded();
    let mut call = call.restore(100_000);
    assert_eq!(call.next_at(), Some(140_000));
    call.reconcile(&["c-ana".into(), "w1".into(), "w2".into()], 100_000, 100_500);
    assert_eq!(call.people().map(|s| s.user_id.clone()).collect::<Vec<_>>(), ["ana"], "rtcd had lost bea");
    assert_eq!(followed(&mut call).iter().filter(|n| *n == ">reconnect").count(), 3);
    assert!(call.reconnect("c-ana", "ana", "c-after"));
    assert!(call.reconnect("w1", BOT, "w-after"));
    call.tick(140_000);
    assert!(call.session("c-ana").is_some() && call.recording.as_ref().unwrap().goes_on());
    let mut empty = call_of(&["ana"]).restore(100_000);
    empty.reconcile(&[], 100_000, 100_500);
    assert!(followed(&mut empty).contains(&"ENDED".into()), "rtcd knows nobody: it is surely over");
}

#[test]
fn leaving_the_channel_is_leaving_the_call() {
    let mut call = call_of(&["ana", "bea"]);
    call.user_removed("bea", 5000);
    let told = told(&mut call, "user_left");
    assert_eq!((&told[0].to, &told[0].data["channelID"]), (&Audience::User("bea".into()), &json!("ch")));
    assert_eq!((told.len(), &told[1].to), (2, &Audience::Channel));
}

#[test]
fn the_state_shows_the_latest_jobs_and_only_the_own_dismissal() {
    let (mut call, _) = recorded();
    call.dismiss("ana");
    call.switch("c-bea", Switch::RaiseHand, 7000);
    let view = call.view("ana");
    assert_eq!(view["dismissed_notification"], json!({"ana": true}));
    assert!(call.view("bea").get("dismissed_notification").is_none());
    let keys: Vec<&str> = view.as_object().unwrap().keys().map(String::as_str).collect();
    let wanted =
        ["id", "start_at", "sessions", "thread_id", "post_id", "screen_sharing_session_id", "owner_id", "host_id"];
    assert_eq!(keys[..8], wanted);
    assert_eq!(
        view["sessions"][1],
        json!({"session_id": "c-bea", "user_id": "bea", "unmuted": false, "raised_hand": 7000, "video": false})
    );
    assert_eq!(view["recording"]["start_at"], 2200);
    assert_eq!(view["live_captions"]["type"], "captioning");
}
