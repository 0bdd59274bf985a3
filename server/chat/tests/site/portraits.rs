//! Pictures of users and teams.

use crate::support::{Person, team, text, worlds};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use image::{DynamicImage, ImageFormat};
use serde_json::Value;
use std::io::Cursor;
use tower::ServiceExt;

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(width, height).write_to(&mut out, ImageFormat::Png).unwrap();
    out.into_inner()
}

async fn send(
    person: &Person<'_>,
    request: axum::http::request::Builder,
    body: Body,
) -> (StatusCode, HeaderMap, Vec<u8>) {
    let request = request.header("authorization", format!("Bearer {}", person.token)).body(body).unwrap();
    let answer = person.api.clone().oneshot(request).await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    (status, headers, to_bytes(answer.into_body(), 16 << 20).await.unwrap().to_vec())
}

/// Sends `bytes` in the field `image` of a form; status and error id.
async fn upload(person: &Person<'_>, path: &str, bytes: &[u8]) -> (StatusCode, String) {
    let mut body = b"--X\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\r\n".to_vec();
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--X--\r\n");
    let request = Request::post(format!("/api/v4{path}")).header("content-type", "multipart/form-data; boundary=X");
    let (status, _, answer) = send(person, request, Body::from(body)).await;
    let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
    (status, answer["id"].as_str().unwrap_or_default().to_owned())
}

async fn picture(person: &Person<'_>, path: &str, known: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
    send(person, Request::get(format!("/api/v4{path}")).header("if-none-match", known), Body::empty()).await
}

#[tokio::test]
async fn a_user_and_a_team_show_the_picture_they_were_given() {
    for world in worlds().await {
        let t = team(&world).await;
        let own = format!("/users/{}/image", t.bruno.id);
        let (_, headers, _) = picture(&t.ana, &own, "").await;
        assert_eq!(headers["content-type"], "image/svg+xml", "{}: a letter at first", world.engine);
        let ana_s = format!("/users/{}/image", t.ana.id);
        assert_eq!(upload(&t.bruno, &ana_s, &png(4, 4)).await.0, StatusCode::FORBIDDEN, "{}", world.engine);
        let (status, id) = upload(&t.bruno, &own, b"no picture").await;
        assert_eq!((status, id.as_str()), (StatusCode::BAD_REQUEST, "api.user.upload_profile_user.decode.app_error"));
        let (status, id) = upload(&t.bruno, &own, &vec![0; 11 << 20]).await;
        let too_large = "api.user.upload_profile_user.too_large.app_error";
        assert_eq!((status, id.as_str()), (StatusCode::PAYLOAD_TOO_LARGE, too_large), "{}", world.engine);

        assert_eq!(upload(&t.bruno, &own, &png(900, 600)).await.0, StatusCode::OK, "{}", world.engine);
        assert!(t.ana.get(&format!("/users/{}", t.bruno.id)).await["last_picture_update"].as_i64() > Some(0));
        let (status, headers, bytes) = picture(&t.ana, &own, "").await;
        let shown = image::load_from_memory(&bytes).unwrap();
        assert_eq!((status, shown.width(), shown.height()), (StatusCode::OK, 256, 256), "{}", world.engine);
        let etag = headers["etag"].to_str().unwrap();
        assert_eq!(picture(&t.ana, &own, etag).await.0, StatusCode::NOT_MODIFIED, "{}", world.engine);
        world.clock.advance(1000);
        assert_eq!(upload(&t.bruno, &own, &png(300, 300)).await.0, StatusCode::OK, "{}", world.engine);
        assert_eq!(picture(&t.ana, &own, etag).await.0, StatusCode::OK, "{}: it is another one now", world.engine);
        t.bruno.ok("DELETE", &own, Value::Null).await;
        assert_eq!(picture(&t.ana, &own, etag).await.1["content-type"], "image/svg+xml", "{}", world.engine);

        let icon = format!("/teams/{}/image", t.id);
        assert_eq!(picture(&t.bruno, &icon, "").await.0, StatusCode::NOT_FOUND, "{}", world.engine);
        assert_eq!(upload(&t.bruno, &icon, &png(64, 64)).await.0, StatusCode::FORBIDDEN, "{}: no admin", world.engine);
        assert_eq!(upload(&t.ana, &icon, &png(64, 64)).await.0, StatusCode::OK, "{}", world.engine);
        assert!(t.bruno.get(&format!("/teams/{}", t.id)).await["last_team_icon_update"].as_i64() > Some(0));
        assert_eq!(picture(&t.bruno, &icon, "").await.0, StatusCode::OK, "{}", world.engine);
        t.ana.ok("DELETE", &icon, Value::Null).await;
        assert_eq!(picture(&t.bruno, &icon, "").await.0, StatusCode::NOT_FOUND, "{}", world.engine);
        assert_eq!(text(&t.ana.get(&format!("/teams/{}", t.id)).await, "name"), "field", "{}", world.engine);
    }
}
