//! What phones are told, through the real router and a stand-in for the push proxy.

mod support;

use axum::http::StatusCode;
use chat::push::Contents;
use serde_json::{Value, json};
use support::{Person, Place, StandIn, settings, text};

const PHONE: &str = "android_rn-v2:token-of-bruno";

async fn phone(place: &Place, name: &str, id: &str, device: &str) -> Person {
    Person { id: id.to_owned(), token: place.login(name, device).await }
}

#[tokio::test]
async fn a_mention_reaches_the_phone_once_and_reading_it_clears_it() {
    for (engine, db) in db::testing::databases().await {
        let proxy = StandIn::start().await;
        let place = Place::open(db, settings(&proxy, Contents::Full)).await;
        place.start();
        let phone = phone(&place, "bruno", &place.bruno.id, PHONE).await;
        let post = place.say("**@bruno** pump 3 is off", "").await;
        place.say("nobody is meant", "").await;
        place.settled().await;
        let sent = proxy.take();
        assert_eq!(sent.len(), 1, "{engine}: {sent:?}");
        let n = &sent[0];
        let told = (n.platform.as_str(), n.device_id.as_str(), n.kind.as_str(), n.message.as_str(), n.badge);
        let wanted = ("android_rn-v2", "token-of-bruno", "message", "@ana: @bruno pump 3 is off", 1);
        assert_eq!(told, wanted, "{engine}");
        let about = (n.post_id.as_str(), n.channel_id.as_str(), n.server_id.as_str(), n.version.as_str());
        assert_eq!(about, (post.as_str(), place.square.as_str(), "site", "v2"), "{engine}");
        assert!(place.is_signed(n).await, "{engine}");
        let told = place.ok(&phone, "GET", "/config/client?format=old", Value::Null).await;
        assert_eq!(told["SendPushNotifications"], "true", "{engine}");

        // He reads it in the browser.
        let view = json!({"channel_id": place.square, "collapsed_threads_supported": true});
        place.ok(&place.bruno, "POST", "/channels/members/me/view", view.clone()).await;
        place.settled().await;
        let sent = proxy.take();
        let kinds: Vec<_> = sent.iter().map(|n| (n.kind.as_str(), n.channel_id.as_str(), n.badge)).collect();
        assert_eq!(kinds, [("clear", place.square.as_str(), 0)], "{engine}");
        place.ok(&place.bruno, "POST", "/channels/members/me/view", view).await;
        place.settled().await;
        assert!(proxy.take().is_empty(), "{engine}: there is nothing more to clear");

        // A session that has ended is told nothing, and a phone that may not show anything neither.
        let told = json!({"device_id": PHONE, "device_notification_disabled": "true", "mobile_version": "2.31.0"});
        place.ok(&phone, "PUT", "/users/sessions/device", told).await;
        place.say("@bruno are you there?", "").await;
        place.settled().await;
        let told = json!({"device_id": PHONE, "device_notification_disabled": "false"});
        place.ok(&phone, "PUT", "/users/sessions/device", told).await;
        place.ok(&phone, "POST", "/users/logout", json!({})).await;
        place.say("@bruno hello?", "").await;
        place.settled().await;
        assert!(proxy.take().is_empty(), "{engine}");
        for bad in [json!({"device_notification_disabled": "maybe"}), json!({"mobile_version": "new"})] {
            let (status, _) = place.call(&place.bruno, "PUT", "/users/sessions/device", bad).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{engine}");
        }
    }
}

#[tokio::test]
async fn who_does_not_want_it_or_sees_it_elsewhere_is_left_alone() {
    for (engine, db) in db::testing::databases().await {
        let proxy = StandIn::start().await;
        let place = Place::open(db, settings(&proxy, Contents::Generic)).await;
        place.start();
        phone(&place, "bruno", &place.bruno.id, PHONE).await;
        let quiet = async |why: &str| {
            place.say("@bruno listen", "").await;
            place.settled().await;
            assert!(proxy.take().is_empty(), "{engine}: {why}");
        };
        let loud = async |why: &str| {
            place.say("@bruno listen", "").await;
            place.settled().await;
            let sent = proxy.take();
            assert_eq!(sent.len(), 1, "{engine}: {why}");
            sent[0].message.clone()
        };
        assert_eq!(loud("nothing is set").await, "@ana wrote a message in Town Square.", "{engine}");

        let bruno = &place.bruno;
        let mute = format!("/channels/{}/members/{}/notify_props", place.square, bruno.id);
        let muted = |mark: &str| json!({"channel_id": place.square, "user_id": bruno.id, "mark_unread": mark});
        place.ok(bruno, "PUT", &mute, muted("mention")).await;
        quiet("the channel is muted").await;
        place.ok(bruno, "PUT", &mute, muted("all")).await;

        let status = |status: &str| json!({"user_id": bruno.id, "status": status});
        place.ok(bruno, "PUT", "/users/me/status", status("dnd")).await;
        quiet("he does not want to be disturbed").await;
        place.ok(bruno, "PUT", "/users/me/status", status("online")).await;

        // A browser of his shows the channel.
        let actor = chat::users::actor_of(&place.site, &bruno.id).await.unwrap();
        let browser = chat::ws::open(&place.site, &actor).await.unwrap();
        let socket = browser.attach();
        browser.show_channel(&place.square);
        chat::status::active(&place.site, &bruno.id).await.unwrap();
        quiet("he looks at it").await;
        browser.show_channel("");
        loud("the browser shows something else").await;
        // Phones only when he is away.
        let mut props = place.ok(bruno, "GET", "/users/me", Value::Null).await["notify_props"].clone();
        props["push_status"] = "away".into();
        place.ok(bruno, "PUT", "/users/me/patch", json!({"notify_props": props})).await;
        quiet("he is at another client").await;
        place.site.hub.detach(&browser, socket, place.site.clock.now_ms());
        loud("he has gone").await;

        // Replies are for who follows the thread.
        let root = place.say("a thread begins", "").await;
        place.say("with an answer", &root).await;
        place.settled().await;
        assert!(proxy.take().is_empty(), "{engine}: he does not follow it");
        let thread = format!("/users/me/teams/{}/threads/{root}", place.team);
        place.ok(bruno, "PUT", &format!("{thread}/following"), json!({})).await;
        place.say("and another", &root).await;
        place.settled().await;
        let sent = proxy.take();
        assert_eq!((sent.len(), sent[0].root_id.as_str()), (1, root.as_str()), "{engine}");
        let now = place.site.clock.now_ms();
        place.ok(bruno, "PUT", &format!("{thread}/read/{now}"), json!({})).await;
        place.settled().await;
        let sent = proxy.take();
        assert_eq!((sent.len(), sent[0].kind.as_str(), &sent[0].root_id), (1, "clear", &root), "{engine}");
    }
}

#[tokio::test]
async fn a_device_without_the_app_loses_its_place() {
    for (engine, db) in db::testing::databases().await {
        let proxy = StandIn::start().await;
        let place = Place::open(db, settings(&proxy, Contents::Full)).await;
        place.start();
        phone(&place, "bruno", &place.bruno.id, PHONE).await;
        proxy.answer_next(StatusCode::OK, json!({"status": "REMOVE"}));
        place.say("@bruno one", "").await;
        place.settled().await;
        place.say("@bruno two", "").await;
        place.settled().await;
        assert_eq!(proxy.take().len(), 1, "{engine}");
        let sessions = place.ok(&place.bruno, "GET", "/users/me/sessions", Value::Null).await;
        let devices: Vec<_> = sessions.as_array().unwrap().iter().filter(|s| s["device_id"] != "").collect();
        assert!(devices.is_empty(), "{engine}: {sessions}");
        assert_eq!(sessions.as_array().unwrap().len(), 2, "{engine}: the session itself goes on");

        // The proxy is asked for an app that is being set up.
        let ping = format!("/system/ping?device_id={PHONE}");
        let reached = place.ok(&place.bruno, "GET", &ping, Value::Null).await;
        assert_eq!(reached["CanReceiveNotifications"], "true", "{engine}");
        assert_eq!(proxy.take()[0].kind, "test", "{engine}");
        proxy.answer_next(StatusCode::OK, json!({"status": "REMOVE"}));
        let reached = place.ok(&place.bruno, "GET", &ping, Value::Null).await;
        assert_eq!(reached["CanReceiveNotifications"], "false", "{engine}");
    }
}

#[tokio::test]
async fn what_waits_outlives_the_process_and_a_proxy_that_is_away() {
    for (engine, db) in db::testing::databases().await {
        let proxy = StandIn::start().await;
        let place = Place::open(db, settings(&proxy, Contents::Full)).await;
        phone(&place, "bruno", &place.bruno.id, PHONE).await;
        let gone = place.say("@bruno never mind", "").await;
        place.say("@bruno come", "").await;
        assert_eq!(place.waiting().await, 2, "{engine}: nothing was sent yet");
        place.ok(&place.ana, "DELETE", &format!("/posts/{gone}"), Value::Null).await;
        let next = place.restarted().await;
        for _ in 0..3 {
            proxy.answer_next(StatusCode::BAD_GATEWAY, json!({}));
        }
        next.start();
        next.settled().await;
        let sent = proxy.take();
        assert_eq!(sent.len(), 4, "{engine}: three attempts that failed, and one");
        assert!(sent.iter().all(|n| n.message == "@ana: @bruno come" && n.ack_id == sent[0].ack_id), "{engine}");
        assert!(next.is_signed(&sent[3]).await, "{engine}: with the same key as before");
    }
}

#[tokio::test]
async fn a_message_that_was_not_sent_along_is_fetched_by_who_may_read_it() {
    for (engine, db) in db::testing::databases().await {
        let proxy = StandIn::start().await;
        let place = Place::open(db, settings(&proxy, Contents::IdLoaded)).await;
        place.start();
        let phone = phone(&place, "bruno", &place.bruno.id, PHONE).await;
        let post = place.say("@bruno the code is 4711", "").await;
        place.settled().await;
        let sent = proxy.take();
        assert_eq!((sent.len(), sent[0].is_id_loaded, sent[0].post_id.as_str()), (1, true, post.as_str()), "{engine}");
        let said = serde_json::to_string(&sent[0]).unwrap();
        assert!(!said.contains("4711") && !said.contains("ana") && !said.contains("Town"), "{engine}: {said}");

        let receipt = json!({"id": sent[0].ack_id, "received_at": 1, "platform": "android", "type": "message",
            "post_id": post, "is_id_loaded": true});
        let fetched = place.ok(&phone, "POST", "/notifications/ack", receipt.clone()).await;
        assert_eq!(
            (text(&fetched, "message"), text(&fetched, "sender_name")),
            ("@ana: @bruno the code is 4711".into(), "@ana".into()),
            "{engine}"
        );
        assert_eq!(place.site.kept::<push::Push>().map(|_| ()), Some(()));
        assert_eq!(proxy.receipt().await["id"], sent[0].ack_id.as_str(), "{engine}: the proxy hears that it arrived");
        let (status, refused) = place.call(&place.carla, "POST", "/notifications/ack", receipt).await;
        assert!(matches!(status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND), "{engine}: {status} {refused}");
        assert!(!refused.to_string().contains("4711"), "{engine}");
        let plain = json!({"id": "x", "type": "clear", "platform": "ios"});
        let answer = place.ok(&phone, "POST", "/notifications/ack", plain).await;
        assert_eq!(answer, json!({"status": "OK"}), "{engine}");
    }
}
