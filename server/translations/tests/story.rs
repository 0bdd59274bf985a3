//! What people see of translated channels, through the real router, with a stand-in for the translation service.

mod support;

use axum::http::StatusCode;
use serde_json::{Value, json};
use support::{Place, StandIn, arrive, config, text};

#[tokio::test]
async fn a_channel_is_read_in_two_languages_through_edits_and_off_again() {
    for (engine, db) in db::testing::databases().await {
        let service = StandIn::start().await;
        let (place, ana) = Place::open(db, config(&service.url)).await;
        let bruno = arrive(&place.api, "bruno", &place.invite).await;
        let carla = arrive(&place.api, "carla", &place.invite).await;
        let before = ana.say(&place.channel, "", "hello before").await;
        assert_eq!(ana.ask("GET", &place.state(), Value::Null).await, json!({"enabled": false}), "{engine}");
        assert_eq!(ana.ask("POST", &place.state(), json!({"enabled": true})).await, json!({"enabled": true}));
        bruno.ask("POST", "/translation/user_preference", json!({"language": "pt-BR"})).await;
        let mine = bruno.ask("GET", "/translation/languages", Value::Null).await;
        assert_eq!(mine, json!({"languages": ["en", "pt", "de"], "userPreference": "pt"}), "{engine}");
        let preference = "/api/v4/users/me/preferences/pp_mattermost-channel-translatio/name/translation_language";
        assert_eq!(bruno.ok("GET", preference, Value::Null).await["value"], "pt", "{engine}: where clients read it");

        // The post is there at once, as its author wrote it; German is read by nobody.
        let hello = ana.say(&place.channel, "", "hello @bruno").await;
        let post = place.translated(&hello, "pt").await;
        assert_eq!(post.message, "hello @bruno", "{engine}");
        assert_eq!(post.edit_at, 0, "{engine}: nobody edited it");
        let texts = json!({"en": "hello @bruno", "pt": "[en>pt] hello @bruno"});
        assert_eq!(post.props["translations"], texts, "{engine}");
        assert_eq!(service.count("[en>pt] hello @bruno"), 1, "{engine}: once per language");
        let reply = bruno.say(&place.channel, &hello, "olá a todos").await;
        let reply = place.translated(&reply, "en").await;
        assert_eq!(reply.props["translations"], json!({"en": "[pt>en] olá a todos", "pt": "olá a todos"}), "{engine}");
        assert_eq!(place.post(&before).await.kind, "", "{engine}: what was there before stays as it is");

        // An edit is translated anew, and until then nobody reads the old words.
        service.away(true);
        let patch = json!({"message": "hello again"});
        let edited = ana.ok("PUT", &format!("/api/v4/posts/{hello}/patch"), patch).await;
        assert!(edited["props"].get("translations").is_none(), "{engine}: {edited}");
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert_eq!(place.post(&hello).await.message, "hello again", "{engine}: readable while the service is away");
        service.away(false);
        let post = place.translated(&hello, "pt").await;
        assert_eq!(post.props["translations"]["pt"], "[en>pt] hello again", "{engine}: it came back by itself");

        // A new reader's language comes to the latest posts, without translating the rest again.
        carla.ask("POST", "/translation/user_preference", json!({"language": "de"})).await;
        let post = place.translated(&hello, "de").await;
        assert_eq!(post.props["translations"]["de"], "[en>de] hello again", "{engine}");
        assert_eq!(service.count("[en>pt] hello again"), 1, "{engine}");

        let one = format!("/post/{before}/translate");
        let answer = ana.ask("POST", &one, json!({"lang": "pt"})).await;
        let expected =
            json!({"translatedText": "[en>pt] hello before", "originalText": "hello before", "targetLanguage": "pt"});
        assert_eq!(answer, expected, "{engine}");
        let (status, refused) = ana.plugin("POST", &one, json!({"lang": "xx"})).await;
        assert!(status == StatusCode::BAD_REQUEST && text(&refused, "message").contains("en, pt, de"), "{refused}");

        ana.ask("POST", &place.state(), json!({"enabled": false})).await;
        let plain = ana.say(&place.channel, "", "hello plain").await;
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        let plain = place.post(&plain).await;
        assert_eq!((plain.kind.as_str(), plain.props.contains_key("translations")), ("", false), "{engine}");
        assert_eq!(service.count("[en>pt] hello plain"), 0, "{engine}: off is off");
    }
}

#[tokio::test]
async fn clients_without_the_plugin_use_the_channel_itself() {
    for (engine, db) in db::testing::databases().await {
        let service = StandIn::start().await;
        let (place, ana) = Place::open(db, config(&service.url)).await;
        let bruno = arrive(&place.api, "bruno", &place.invite).await;
        let path = format!("/api/v4/channels/{}", place.channel);
        let told = bruno.ok("GET", "/api/v4/config/client", Value::Null).await;
        assert_eq!(told["EnableAutoTranslation"], "true", "{engine}");
        let (status, _) = bruno.api("PUT", &format!("{path}/patch"), json!({"autotranslation": true})).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{engine}: that is for administrators of the channel");
        let patched = ana.ok("PUT", &format!("{path}/patch"), json!({"autotranslation": true})).await;
        assert_eq!(patched["autotranslation"], true, "{engine}");
        assert_eq!(ana.ask("GET", &place.state(), Value::Null).await, json!({"enabled": true}), "{engine}: one truth");
        let posts = bruno.ok("GET", &format!("{path}/posts"), Value::Null).await;
        let last = &posts["posts"][posts["order"][0].as_str().unwrap()];
        assert_eq!((&last["type"], &last["props"]["enabled"]), (&json!("system_autotranslation"), &json!(true)));

        bruno.ask("POST", "/translation/user_preference", json!({"language": "pt"})).await;
        let hello = ana.say(&place.channel, "", "hello").await;
        place.translated(&hello, "pt").await;
        let post = bruno.ok("GET", &format!("/api/v4/posts/{hello}"), Value::Null).await;
        let wanted = json!({"object": {"message": "[en>pt] hello"}, "state": "ready", "source_lang": "en"});
        assert_eq!(post["metadata"]["translations"]["pt"], wanted, "{engine}: {post}");
        let languages = bruno.ok("GET", "/api/v4/config/client", Value::Null).await["AutoTranslationLanguages"].clone();
        assert_eq!(languages, "en,pt,de", "{engine}");

        // Who wants to read what was written makes the service no work.
        let own = format!("{path}/members/me/autotranslation");
        bruno.ok("PUT", &own, json!({"autotranslation_disabled": true})).await;
        let member = bruno.ok("GET", &format!("{path}/members/me"), Value::Null).await;
        assert_eq!(member["autotranslation_disabled"], true, "{engine}");
        let again = ana.say(&place.channel, "", "hello again").await;
        let post = place.translated(&again, "en").await;
        assert_eq!(post.props["translations"], json!({"en": "hello again"}), "{engine}");
        assert_eq!(service.count("[en>pt] hello again"), 0, "{engine}");
        // Back again, he finds it translated.
        bruno.ok("PUT", &own, json!({"autotranslation_disabled": false})).await;
        place.translated(&again, "pt").await;

        ana.ask("POST", &place.state(), json!({"enabled": false})).await;
        let channel = ana.ok("GET", &path, Value::Null).await;
        assert!(channel.get("autotranslation").is_none(), "{engine}: {channel}");
    }
}

#[tokio::test]
async fn nothing_is_lost_when_the_server_restarts_while_the_service_is_away() {
    for (engine, db) in db::testing::databases().await {
        let service = StandIn::start().await;
        service.away(true);
        let (place, ana) = Place::open(db, config(&service.url)).await;
        let bruno = arrive(&place.api, "bruno", &place.invite).await;
        ana.ask("POST", &place.state(), json!({"enabled": true})).await;
        // The service has never answered: the choice is taken as it is.
        bruno.ask("POST", "/translation/user_preference", json!({"language": "pt"})).await;
        let post = ana.say(&place.channel, "", "hello from before").await;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        place.stop.cancel();
        let place = place.restarted(config(&service.url)).await;
        service.away(false);
        let ana = ana.at(&place.api);
        assert_eq!(ana.ask("GET", &place.state(), Value::Null).await, json!({"enabled": true}), "{engine}");
        let post = place.translated(&post, "pt").await;
        assert_eq!(post.props["translations"]["pt"], "[en>pt] hello from before", "{engine}");
    }
}

#[tokio::test]
async fn who_may_not_change_a_channel_may_not_translate_it() {
    for (engine, db) in db::testing::databases().await {
        let service = StandIn::start().await;
        let (place, ana) = Place::open(db, config(&service.url)).await;
        let bruno = arrive(&place.api, "bruno", &place.invite).await;
        let secret = json!({"team_id": place.team, "name": "command", "display_name": "Command", "type": "P"});
        let secret = text(&ana.ok("POST", "/api/v4/channels", secret).await, "id");
        let post = ana.say(&secret, "", "hello secret").await;
        for (method, path, body) in [
            ("GET", format!("/channel/{secret}/translations"), Value::Null),
            ("POST", format!("/channel/{secret}/translations"), json!({"enabled": true})),
            ("POST", format!("/post/{post}/translate"), json!({"lang": "pt"})),
        ] {
            assert_eq!(bruno.plugin(method, &path, body).await.0, StatusCode::FORBIDDEN, "{engine}: {method} {path}");
        }
    }
}
