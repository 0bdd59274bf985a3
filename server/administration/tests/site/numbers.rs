//! Numbers, reports, notices, logs and the support packet.

use crate::support::{NOW, World, call, raw, worlds};
use axum::http::StatusCode;
use kit::telemetry::Ring;
use serde_json::{Value, json};
use std::io::Read;

const DAY_MS: i64 = 24 * 3_600_000;

/// Messages of Ana today and yesterday, in town square.
async fn lived_in(world: &World) -> String {
    let team = world.ana("POST", "/teams", json!({"name": "quay", "display_name": "Quay", "type": "O"})).await;
    let id = team["id"].as_str().unwrap().to_owned();
    let square = world.ana("GET", &format!("/teams/{id}/channels/name/town-square"), Value::Null).await["id"].clone();
    for day in [0, 1, 1] {
        world.clock.advance(day * DAY_MS);
        world.ana("POST", "/posts", json!({"channel_id": square, "message": "the secret word"})).await;
    }
    id
}

fn number(list: &Value, name: &str) -> i64 {
    let found = list.as_array().unwrap().iter().find(|row| row["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {list}"))["value"].as_i64().unwrap()
}

#[tokio::test]
async fn numbers_count_what_happened() {
    for world in worlds().await {
        let (engine, team) = (world.engine, lived_in(&world).await);
        let standard = world.ana("GET", "/analytics/old", Value::Null).await;
        assert_eq!(number(&standard, "team_count"), 1, "{engine}");
        assert_eq!(number(&standard, "unique_user_count"), 2, "{engine}");
        assert_eq!(number(&standard, "channel_open_count"), 2, "{engine}");
        let of_team = world.ana("GET", &format!("/analytics/old?name=standard&team_id={team}"), Value::Null).await;
        assert_eq!(number(&of_team, "unique_user_count"), 1, "{engine}");
        let days = world.ana("GET", "/analytics/old?name=post_counts_day", Value::Null).await;
        let days: Vec<&str> = days.as_array().unwrap().iter().map(|d| d["name"].as_str().unwrap()).collect();
        assert_eq!(days, ["2027-01-17", "2027-01-16", "2027-01-15"], "{engine}");
        let writers = world.ana("GET", "/analytics/old?name=user_counts_with_posts_day", Value::Null).await;
        assert_eq!(writers[0]["value"], 1, "{engine}");
        for name in ["bot_post_counts_day", "extra_counts"] {
            world.ana("GET", &format!("/analytics/old?name={name}"), Value::Null).await;
        }
        let (status, _) = call(&world.api, &world.ana.0, "GET", "/analytics/old?name=nothing", Value::Null).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{engine}");
    }
}

#[tokio::test]
async fn reports_go_page_by_page_and_into_a_file() {
    for world in worlds().await {
        let engine = world.engine;
        lived_in(&world).await;
        let page = |query: &str| format!("/reports/users?page_size=1{query}");
        let first = world.ana("GET", &page(""), Value::Null).await;
        assert_eq!((&first[0]["username"], &first[0]["total_posts"]), (&json!("ana"), &json!(3)), "{engine}: {first}");
        assert_eq!(first[0]["days_active"], 3, "{engine}");
        let after = format!("&from_column_value=ana&from_id={}", world.ana.1);
        let second = world.ana("GET", &page(&after), Value::Null).await;
        assert_eq!(second[0]["username"], "bruno", "{engine}");
        let before = format!("&from_column_value=bruno&from_id={}&direction=prev", world.bruno.1);
        assert_eq!(world.ana("GET", &page(&before), Value::Null).await[0]["username"], "ana", "{engine}");
        let newest = world.ana("GET", &page("&sort_column=CreateAt&sort_direction=desc"), Value::Null).await;
        assert_eq!(newest.as_array().unwrap().len(), 1, "{engine}");
        assert_eq!(world.ana("GET", "/reports/users/count", Value::Null).await, 2, "{engine}");
        assert_eq!(world.ana("GET", "/reports/users/count?search_term=BRU", Value::Null).await, 1, "{engine}");
        assert_eq!(world.ana("GET", "/reports/users/count?role_filter=system_admin", Value::Null).await, 1, "{engine}");
        assert_eq!(world.ana("GET", "/reports/users/count?has_no_team=true", Value::Null).await, 1, "{engine}");
        assert_eq!(world.ana("GET", "/reports/users/count?hide_active=true", Value::Null).await, 0, "{engine}");
        world.ana("POST", "/reports/users/export?date_range=last30days", Value::Null).await;
        let job = loop {
            let jobs = world.ana("GET", "/jobs/type/export_users_to_csv", Value::Null).await;
            match jobs[0]["status"].as_str().unwrap() {
                "success" => break jobs[0].clone(),
                "pending" | "in_progress" => tokio::task::yield_now().await,
                other => panic!("{engine}: {other}: {jobs}"),
            }
        };
        let path = format!("/exports/{}", job["data"]["export_file"].as_str().unwrap());
        let (_, _, csv) = raw(&world.api, &world.ana.0, "GET", &path, Value::Null).await;
        let csv = String::from_utf8(csv).unwrap();
        let line = csv.lines().find(|l| l.contains("ana@site.example")).unwrap_or_else(|| panic!("{engine}: {csv}"));
        assert!(line.ends_with(",3,3"), "{engine}: {line}");
    }
}

#[tokio::test]
async fn notices_are_told_to_administrators_until_put_away() {
    for world in worlds().await {
        let (engine, team) = (world.engine, lived_in(&world).await);
        let path = format!("/system/notices/{team}?client=web&clientVersion=11.9.0");
        world.clock.advance(10 * DAY_MS);
        let token = chat::auth::bot_token(&world.site, &world.ana.1).await.unwrap();
        let (_, notices) = call(&world.api, &token, "GET", &path, Value::Null).await;
        let told: Vec<&str> = notices.as_array().unwrap().iter().map(|n| n["title"].as_str().unwrap()).collect();
        assert!(told.contains(&"There is no backup"), "{engine}: {notices}");
        let id = notices.as_array().unwrap().iter().find(|n| n["title"] == "There is no backup").unwrap()["id"].clone();
        call(&world.api, &token, "PUT", "/system/notices/view", json!([id])).await;
        let (_, left) = call(&world.api, &token, "GET", &path, Value::Null).await;
        assert!(!left.to_string().contains("There is no backup"), "{engine}: {left}");
    }
}

#[tokio::test]
async fn the_support_packet_has_no_secrets_and_no_messages() {
    for world in worlds().await {
        let engine = world.engine;
        lived_in(&world).await;
        world.ana("PUT", "/config/patch", json!({"EmailSettings": {"SMTPPassword": "hush"}})).await;
        let (status, _, bytes) = raw(&world.api, &world.ana.0, "GET", "/system/support_packet", Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{engine}");
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let mut names = Vec::new();
        for at in 0..zip.len() {
            let mut file = zip.by_index(at).unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            names.push(file.name().to_owned());
            for hidden in ["hush", "the secret word", "ana@site.example", world.ana.0.as_str()] {
                assert!(!text.contains(hidden), "{engine}: {} holds {hidden}", file.name());
            }
        }
        for name in ["about.json", "config.json", "doctor.txt", "numbers.json", "server.log"] {
            assert!(names.iter().any(|n| n == name), "{engine}: {names:?}");
        }
    }
}

#[tokio::test]
async fn the_console_reads_the_log_and_the_state_of_what_the_server_stands_on() {
    for world in worlds().await {
        let engine = world.engine;
        assert_eq!(world.ana("GET", "/logs", Value::Null).await, json!([]), "{engine}: nothing is kept");
        world.site.keep(Ring::new(10));
        assert!(world.ana("POST", "/logs/query", json!({})).await.is_object(), "{engine}");
        let (status, _) = world.bruno("GET", "/logs", Value::Null).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{engine}");
        let ping = world.ana("GET", "/system/ping?get_server_status=true", Value::Null).await;
        assert_eq!((&ping["database_status"], &ping["filestore_status"]), (&json!("OK"), &json!("OK")), "{engine}");
        world.ana("POST", "/caches/invalidate", Value::Null).await;
        let told = world.ana("GET", "/system/onboarding/complete", Value::Null).await;
        assert_eq!(told["value"], "false", "{engine}");
        world.ana("POST", "/system/onboarding/complete", json!({"organization": "Quay"})).await;
        let told = world.ana("GET", "/system/onboarding/complete", Value::Null).await;
        assert_eq!(told["value"], "true", "{engine}");
        for (site_url, named) in [("nonsense", "no address"), ("http://169.254.169.254", "no site can be")] {
            let body = json!({"site_url": site_url});
            let (status, body) = call(&world.api, &world.ana.0, "POST", "/site_url/test", body).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{engine}");
            assert!(body["message"].as_str().unwrap().contains(named), "{engine}: {body}");
        }
        let measured = json!({"version": "0.1.0", "start": NOW, "end": NOW + 1, "histograms": []});
        let (status, _) = world.bruno("POST", "/client_perf", measured.clone()).await;
        assert_eq!(status, StatusCode::NOT_IMPLEMENTED, "{engine}: clients are not asked to measure");
        world.ana("PUT", "/config/patch", json!({"MetricsSettings": {"EnableClientMetrics": true}})).await;
        let (status, _) = world.bruno("POST", "/client_perf", measured).await;
        assert_eq!(status, StatusCode::OK, "{engine}");
    }
}
