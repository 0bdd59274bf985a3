//! What people see of links to elsewhere, through the real router, with a real web server on loopback.

mod support;

use axum::http::StatusCode;
use serde_json::{Value, json};
use support::{Place, Web, config, png, text};

#[tokio::test]
async fn a_page_is_previewed_for_those_who_are_there_and_those_who_come() {
    for (engine, db) in db::testing::databases().await {
        let web = Web::start().await;
        let place = Place::open(db, config(), "").await;
        place.start();
        let mut events = place.site.hub.tap();
        let page = web.page("/page");
        let post = place.say(&format!("read {page} first ![p]({})", web.page("/picture.png"))).await;
        let id = text(&post, "id");
        assert!(post["metadata"]["embeds"].is_null(), "{engine}: nobody waits for the page");
        let shown = loop {
            let event = events.recv().await.unwrap();
            if event.event == "post_edited" {
                let post: Value = serde_json::from_str(event.data["post"].as_str().unwrap()).unwrap();
                if post["metadata"]["embeds"].is_array() {
                    break post;
                }
            }
        };
        place.settled().await;
        let data = json!({
            "type": "", "url": page, "title": "Pumps & valves", "description": "How they are kept.", "site_name": "Wiki",
            "images": [{"url": web.page("/picture.png"), "secure_url": "", "type": "", "width": 0, "height": 0}]
        });
        assert_eq!(shown["metadata"]["embeds"], json!([{"type": "opengraph", "url": page, "data": data}]), "{engine}");
        let size = json!({"width": 60, "height": 40, "format": "png", "frame_count": 0});
        let read = place.post(&id).await;
        assert_eq!(read["metadata"]["images"][web.page("/picture.png")], size, "{engine}");
        assert_eq!(read["edit_at"], 0, "{engine}: nobody edited it");
        assert!(read["update_at"].as_i64() > post["create_at"].as_i64(), "{engine}: who was away hears of it too");

        // The next one has it at once, from what is known.
        let again = place.say(&page).await;
        assert_eq!(again["metadata"]["embeds"][0]["data"]["title"], "Pumps & valves", "{engine}");
        assert_eq!(web.count("/page"), 1, "{engine}");

        // Its author takes it away, or puts another link there.
        let patch = json!({"props": {"remove_link_preview": "true"}});
        let removed = place.ok("PUT", &format!("/posts/{id}/patch"), patch).await;
        assert!(removed["metadata"]["embeds"].is_null(), "{engine}: {removed}");
        let patch = json!({"message": web.page("/picture.png")});
        let other = place.ok("PUT", &format!("/posts/{}/patch", text(&again, "id")), patch).await;
        let picture = json!([{"type": "image", "url": web.page("/picture.png")}]);
        assert_eq!(other["metadata"]["embeds"], picture, "{engine}: its size was known");
        let told = place.ok("GET", "/config/client?format=old", Value::Null).await;
        assert_eq!((&told["EnableLinkPreviews"], &told["HasImageProxy"]), (&json!("true"), &json!("true")));
    }
}

#[tokio::test]
async fn hostile_pages_cost_their_previews_only() {
    for (engine, db) in db::testing::databases().await {
        let web = Web::start().await;
        let place = Place::open(db, config(), "").await;
        place.start();
        let mut ids = Vec::new();
        let paths = ["/away", "/endless", "/bomb", "/slow", "/latin", "/plain.txt", "/gone"];
        for path in paths {
            ids.push(text(&place.say(&web.page(path)).await, "id"));
        }
        // Names of this machine are not read, whatever they are called.
        ids.push(text(&place.say(&web.url.replace("127.0.0.1", "127.0.0.2")).await, "id"));
        place.settled().await;
        let mut titles = Vec::new();
        for id in &ids {
            let post = place.post(id).await;
            let embed = &post["metadata"]["embeds"][0];
            titles.push(embed["data"]["title"].as_str().or(embed["type"].as_str()).unwrap_or("-").to_owned());
        }
        let expected = ["-", "Endless", "Bomb", "-", "Köln grüßt die schöne weite Welt", "link", "-", "-"];
        assert_eq!(titles, expected, "{engine}");
        assert_eq!(web.count("/secret"), 0, "{engine}");
    }
}

#[tokio::test]
async fn failures_are_remembered_and_what_waits_outlives_the_process() {
    for (engine, db) in db::testing::databases().await {
        let web = Web::start().await;
        let place = Place::open(db, config(), "").await;
        // The process ends before it looks at anything.
        let id = text(&place.say(&web.page("/page")).await, "id");
        place.say(&web.page("/gone")).await;
        assert_eq!(web.count("/page"), 0, "{engine}");
        let next = place.restarted(config()).await;
        next.start();
        next.settled().await;
        assert_eq!(next.post(&id).await["metadata"]["embeds"][0]["data"]["title"], "Pumps & valves", "{engine}");
        next.say(&web.page("/gone")).await;
        let last = next.restarted(config()).await;
        last.start();
        last.say(&web.page("/gone?again")).await;
        last.say(&web.page("/gone")).await;
        last.settled().await;
        assert_eq!(web.count("/gone"), 2, "{engine}: once for each address");

        // A host that cannot be reached is asked once, not once a page.
        let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        for path in 0..20 {
            last.say(&format!("http://{closed}/{path}")).await;
        }
        last.settled().await;
    }
}

#[tokio::test]
async fn pictures_come_through_the_site() {
    for (engine, db) in db::testing::databases().await {
        let web = Web::start().await;
        let place = Place::open(db, config(), "http://chat.lan").await;
        place.start();
        let picture = web.page("/picture.png");
        for _ in 0..3 {
            let (status, headers, body) = place.image(&picture).await;
            assert_eq!((status, body.as_ref()), (StatusCode::OK, png().as_slice()), "{engine}");
            assert_eq!(
                (&headers["content-type"], &headers["x-content-type-options"]),
                (&"image/png".parse().unwrap(), &"nosniff".parse().unwrap())
            );
        }
        assert_eq!((web.count("/picture.png"), place.kept()), (1, 1), "{engine}");
        let (status, headers, _) = place.image(&web.page("/drawing.svg")).await;
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            status == StatusCode::OK && policy.contains("default-src 'none'") && policy.contains("sandbox"),
            "{engine}"
        );
        for path in ["/page", "/large.png", "/gone", "/endless", "/slow"] {
            assert_eq!(place.image(&web.page(path)).await.0, StatusCode::NOT_FOUND, "{engine} {path}");
            assert_eq!(place.image(&web.page(path)).await.0, StatusCode::NOT_FOUND, "{engine} {path}");
            assert_eq!(web.count(path), 1, "{engine} {path}: a failure is remembered");
        }
        // What the server may not read is the browser's to fetch.
        let (status, headers, _) = place.image(&web.page("/away")).await;
        assert_eq!(
            (status, headers["location"].to_str().unwrap()),
            (StatusCode::FOUND, web.page("/away").as_str()),
            "{engine}"
        );
        assert_eq!(web.count("/secret"), 0, "{engine}");
        assert_eq!(place.image("file:///etc/passwd").await.0, StatusCode::BAD_REQUEST, "{engine}");

        // Messages lead there, and an edit does not lose the address.
        let message = format!("![p]({picture})");
        let post = place.say(&message).await;
        place.settled().await;
        let read = place.post(&text(&post, "id")).await;
        let through = text(&read, "message").replace("![p](", "").replace(')', "");
        assert!(through.starts_with("http://chat.lan/api/v4/image?url=http%3A%2F%2F127.0.0.1"), "{engine}: {through}");
        assert_eq!(read["message_source"], message, "{engine}");
        assert_eq!(read["metadata"]["images"][&through]["width"], 60, "{engine}: {read}");
        let patch = json!({"message": format!("{} again", text(&read, "message"))});
        let edited = place.ok("PUT", &format!("/posts/{}/patch", text(&post, "id")), patch).await;
        assert_eq!(edited["message_source"], format!("{message} again"), "{engine}");

        let off = place.restarted(links::Config { image_proxy: false, previews: false, ..config() }).await;
        let (status, headers, _) = off.image(&picture).await;
        assert_eq!((status, headers["location"].to_str().unwrap()), (StatusCode::FOUND, picture.as_str()), "{engine}");
        assert_eq!(off.post(&text(&post, "id")).await["message"], format!("{message} again"), "{engine}");
        let told = off.ok("GET", "/config/client?format=old", Value::Null).await;
        assert_eq!(
            (&told["EnableLinkPreviews"], &told["HasImageProxy"]),
            (&json!("false"), &json!("false")),
            "{engine}"
        );
    }
}

#[tokio::test]
async fn a_short_link_is_followed_one_step() {
    for (engine, db) in db::testing::databases().await {
        let web = Web::start().await;
        let place = Place::open(db, config(), "").await;
        let ask = async |path: &str| {
            let path = format!("/redirect_location?url={}", web.page(path));
            place.ok("GET", &path, Value::Null).await["location"].as_str().unwrap().to_owned()
        };
        for _ in 0..2 {
            assert_eq!(ask("/short").await, web.page("/page"), "{engine}");
            assert_eq!(ask("/page").await, "", "{engine}");
        }
        assert_eq!((web.count("/short"), web.count("/page")), (1, 1), "{engine}");
        assert_eq!(place.call("GET", "/redirect_location", Value::Null).await.0, StatusCode::BAD_REQUEST, "{engine}");
    }
}
