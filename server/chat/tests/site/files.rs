//! Files through the real router on both databases: words inside documents, bytes kept once, ranges, and what a picture
//! does not tell.

use crate::support::{Person, Team, World, arrive, team, text, worlds};
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use chat::site::Parts;
use chat::{Config, Site, files};
use futures::TryStreamExt;
use object_store::ObjectStore;
use serde_json::{Value, json};
use tower::ServiceExt;

const REPORT: &[u8] = include_bytes!("../../../documents/tests/fixtures/report.pdf");
const PRINTED: &[u8] = include_bytes!("../../../documents/tests/fixtures/printed.pdf");
const PLAN: &[u8] = include_bytes!("../../../documents/tests/fixtures/plan.docx");
const MINUTES: &[u8] = include_bytes!("../../../documents/tests/fixtures/minutes.odt");
const HARVEST: &[u8] = include_bytes!("../../../documents/tests/fixtures/harvest.xlsx");
const PHOTO: &[u8] = include_bytes!("../../../pictures/tests/fixtures/place.heic");

async fn send(
    who: &Person<'_>,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> (StatusCode, HeaderMap, Bytes) {
    let mut request = Request::builder().method(method).uri(format!("/api/v4{path}"));
    for (name, value) in headers.iter().copied().chain([("authorization", format!("Bearer {}", who.token).as_str())]) {
        request = request.header(name, value);
    }
    let answer = who.api.clone().oneshot(request.body(Body::from(body.to_vec())).unwrap()).await.unwrap();
    let (head, body) = answer.into_parts();
    (head.status, head.headers, to_bytes(body, 64 << 20).await.unwrap())
}

async fn upload(who: &Person<'_>, channel: &str, name: &str, bytes: &[u8]) -> Value {
    let path = format!("/files?channel_id={channel}&filename={name}");
    let (status, _, body) = send(who, "POST", &path, &[("content-type", "application/octet-stream")], bytes).await;
    assert_eq!(status, StatusCode::CREATED, "{name}: {}", String::from_utf8_lossy(&body));
    serde_json::from_slice::<Value>(&body).unwrap()["file_infos"][0].clone()
}

/// Uploads a file and posts it.
async fn post(who: &Person<'_>, channel: &str, name: &str, bytes: &[u8]) -> Value {
    let info = upload(who, channel, name, bytes).await;
    who.ok("POST", "/posts", json!({"channel_id": channel, "message": "", "file_ids": [info["id"]]})).await;
    info
}

/// Names of the files found, in alphabetical order.
async fn found(who: &Person<'_>, path: &str, terms: &str) -> Vec<String> {
    let list = who.ok("POST", path, json!({"terms": terms})).await;
    let mut names: Vec<String> = list["file_infos"].as_object().unwrap().values().map(|f| text(f, "name")).collect();
    names.sort();
    names
}

async fn objects(world: &World) -> Vec<String> {
    let all: Vec<_> = world.site.files.list(None).try_collect().await.unwrap();
    all.into_iter().map(|o| o.location.to_string()).filter(|p| p.starts_with("blobs/")).collect()
}

#[tokio::test]
async fn words_inside_documents_are_found_by_those_who_may_read_them() {
    for world in worlds().await {
        let engine = world.engine;
        let Team { ana, bruno, id, square, .. } = team(&world).await;
        for (name, bytes) in
            [("report.pdf", REPORT), ("printed.pdf", PRINTED), ("plan.docx", PLAN), ("minutes.odt", MINUTES)]
        {
            post(&ana, &square, name, bytes).await;
        }
        let private = json!({"team_id": id, "name": "command", "display_name": "Command", "type": "P"});
        let private = text(&ana.ok("POST", "/channels", private).await, "id");
        post(&ana, &private, "harvest.xlsx", HARVEST).await;
        let everywhere = "/files/search";
        assert!(found(&bruno, everywhere, "chlorine").await.is_empty(), "{engine}: not read yet");
        assert_eq!(files::waiting(&mut world.site.db.read().await.unwrap()).await.unwrap(), 5, "{engine}");
        while files::read_due(&world.site).await.unwrap() > 0 {}
        assert_eq!(files::waiting(&mut world.site.db.read().await.unwrap()).await.unwrap(), 0, "{engine}");

        for (terms, expected) in [
            ("chlorine", vec!["report.pdf"]),
            ("\"hours are LOGGED\"", vec!["report.pdf"]),
            ("água", vec!["minutes.odt"]),
            ("Água", vec!["minutes.odt"]),
            ("給水車", vec!["plan.docx", "printed.pdf"]),
            ("給水車 -pump", vec!["printed.pdf"]),
            ("給水車 ext:pdf", vec!["printed.pdf"]),
            ("給水車 -ext:pdf", vec!["plan.docx"]),
            ("물탱크", vec!["minutes.odt"]),
            ("43210 thursday", vec!["plan.docx"]),
            ("plan", vec!["plan.docx"]),
            ("Kasungu", vec![]),
            ("100%", vec![]),
        ] {
            assert_eq!(found(&bruno, everywhere, terms).await, expected, "{engine}: {terms}");
        }
        let in_team = format!("/teams/{id}/files/search");
        assert_eq!(found(&ana, &in_team, "kasungu").await, ["harvest.xlsx"], "{engine}");
        assert_eq!(found(&ana, &in_team, "北部 in:command").await, ["harvest.xlsx"], "{engine}");
        let carla = arrive(&world.api, "carla", "").await;
        assert!(found(&carla, everywhere, "chlorine").await.is_empty(), "{engine}: who is not in the channel");
    }
}

#[tokio::test]
async fn a_broken_document_is_given_up_and_those_behind_it_are_read() {
    for world in worlds().await {
        let engine = world.engine;
        let t = team(&world).await;
        post(&t.ana, &t.square, "broken.pdf", b"%PDF-1.7 and then nothing").await;
        world.clock.advance(1);
        post(&t.ana, &t.square, "good.md", b"# The well is *deep*").await;
        for _ in 0..4 {
            files::read_due(&world.site).await.unwrap();
            world.clock.advance(24 * 3600 * 1000);
        }
        assert_eq!(found(&t.bruno, "/files/search", "deep").await, ["good.md"], "{engine}");
        assert_eq!(files::waiting(&mut world.site.db.read().await.unwrap()).await.unwrap(), 0, "{engine}: given up");
        assert_eq!(found(&t.bruno, "/files/search", "broken").await, ["broken.pdf"], "{engine}: by its name still");
    }
}

#[tokio::test]
async fn the_same_bytes_are_kept_once_and_go_with_the_last_file() {
    for world in worlds().await {
        let engine = world.engine;
        let t = team(&world).await;
        let uploads = (0..6).map(|n| {
            let (who, name) = (if n % 2 == 0 { &t.ana } else { &t.bruno }, format!("copy{n}.pdf"));
            let square = &t.square;
            async move { upload(who, square, &name, REPORT).await }
        });
        let copies = futures::future::join_all(uploads).await;
        let other = upload(&t.ana, &t.square, "other.txt", b"something else").await;
        world.clock.advance(2 * 3600 * 1000);
        // Those that were stored at the same moment and lost.
        files::blobs::sweep(&world.site).await.unwrap();
        assert_eq!(objects(&world).await.len(), 2, "{engine}: {:?}", objects(&world).await);

        let forget = async |ids: &[Value]| {
            let ids: Vec<String> = ids.iter().map(|i| text(i, "id")).collect();
            let mut tx = world.site.db.write().await.unwrap();
            files::forget(&mut tx, &ids).await.unwrap();
            tx.commit().await.unwrap();
            files::blobs::sweep(&world.site).await.unwrap()
        };
        assert_eq!(forget(&copies[..5]).await, 0, "{engine}: one file is left");
        let last = format!("/files/{}", text(&copies[5], "id"));
        assert_eq!(send(&t.bruno, "GET", &last, &[], b"").await.2, REPORT, "{engine}");
        // The last is deleted while somebody uploads the same again.
        let (swept, again) = tokio::join!(forget(&copies[5..]), upload(&t.ana, &t.square, "again.pdf", REPORT));
        assert!(swept <= 1, "{engine}");
        world.clock.advance(2 * 3600 * 1000);
        files::blobs::sweep(&world.site).await.unwrap();
        let again = format!("/files/{}", text(&again, "id"));
        assert_eq!(send(&t.ana, "GET", &again, &[], b"").await.2, REPORT, "{engine}: not deleted under its feet");
        assert_eq!(forget(&[other]).await, 1, "{engine}");
        assert_eq!(objects(&world).await.len(), 1, "{engine}");
    }
}

#[tokio::test]
async fn parts_versions_and_sizes_of_a_download() {
    for world in worlds().await {
        let engine = world.engine;
        let t = team(&world).await;
        let info = post(&t.ana, &t.square, "notes%E6%B0%B4.txt", b"0123456789").await;
        let path = format!("/files/{}", text(&info, "id"));
        let (status, headers, body) = send(&t.bruno, "GET", &path, &[("range", "bytes=2-4")], b"").await;
        assert_eq!(
            (status, &body[..], &headers["content-range"]),
            (StatusCode::PARTIAL_CONTENT, &b"234"[..], &"bytes 2-4/10".parse().unwrap()),
            "{engine}"
        );
        let tag = headers["etag"].to_str().unwrap().to_owned();
        let (status, _, body) = send(&t.bruno, "GET", &path, &[("if-none-match", &tag)], b"").await;
        assert!(status == StatusCode::NOT_MODIFIED && body.is_empty(), "{engine}: {status}");
        let stale = [("range", "bytes=2-4"), ("if-range", "\"another\"")];
        assert_eq!(send(&t.bruno, "GET", &path, &stale, b"").await.2.len(), 10, "{engine}: of another version");
        let (status, headers, body) = send(&t.bruno, "HEAD", &path, &[], b"").await;
        assert!(
            status == StatusCode::OK && body.is_empty() && headers["content-length"] == "10",
            "{engine}: {headers:?}"
        );
        assert!(headers["content-disposition"].to_str().unwrap().starts_with("inline; "), "{engine}");
        let (_, headers, _) = send(&t.bruno, "GET", &format!("{path}?download=1"), &[], b"").await;
        assert!(headers["content-disposition"].to_str().unwrap().contains("notes%E6%B0%B4.txt"), "{engine}");
        assert!(headers["content-disposition"].to_str().unwrap().starts_with("attachment; "), "{engine}");
        assert_eq!(
            send(&t.bruno, "GET", &path, &[("range", "bytes=99-")], b"").await.0,
            StatusCode::RANGE_NOT_SATISFIABLE,
            "{engine}"
        );
    }
}

#[tokio::test]
async fn a_file_beyond_the_limit_is_refused_with_the_limit_and_leaves_nothing() {
    for world in worlds().await {
        let engine = world.engine;
        let t = team(&world).await;
        let spool = tempfile::tempdir().unwrap();
        let config = Config {
            max_file_bytes: 1 << 20,
            files: files::Config { spool_dir: spool.path().into(), ..files::Config::default() },
            ..Config::default()
        };
        let parts = Parts {
            db: world.site.db.clone(),
            hub: world.site.hub.clone(),
            clock: world.clock.clone(),
            keys: world.site.keys.clone(),
            config,
            files: world.site.files.clone(),
        };
        let api = chat::routes::api(&Site::new(parts));
        let ana = Person { api: &api, token: t.ana.token.clone(), id: t.ana.id.clone() };
        let big = vec![7; (1 << 20) + 1];
        let path = format!("/files?channel_id={}&filename=big.bin", t.square);
        let form = [
            b"--x\r\ncontent-disposition: form-data; name=\"files\"; filename=\"big.bin\"\r\n\r\n",
            big.as_slice(),
            b"\r\n--x--\r\n",
        ]
        .concat();
        for (kind, body) in [("application/octet-stream", big.as_slice()), ("multipart/form-data; boundary=x", &form)] {
            let (status, _, answer) = send(&ana, "POST", &path, &[("content-type", kind)], body).await;
            let answer = String::from_utf8_lossy(&answer).into_owned();
            assert!(status == StatusCode::PAYLOAD_TOO_LARGE && answer.contains("1 MB"), "{engine}: {status} {answer}");
        }
        assert!(objects(&world).await.is_empty(), "{engine}");
        assert_eq!(std::fs::read_dir(spool.path()).unwrap().count(), 0, "{engine}");
        upload(&ana, &t.square, "fits.bin", &big[1..]).await;
    }
}

#[tokio::test]
async fn pictures_are_shown_small_and_do_not_tell_where_they_were_taken() {
    for world in worlds().await {
        let engine = world.engine;
        let t = team(&world).await;
        let photo = post(&t.ana, &t.square, "IMG_0001.HEIC", PHOTO).await;
        assert_eq!(
            (&photo["width"], &photo["has_preview_image"], &photo["mime_type"]),
            (&json!(48), &json!(true), &json!("image/heic")),
            "{engine}: {photo}"
        );
        let id = text(&photo, "id");
        let (_, headers, preview) = send(&t.bruno, "GET", &format!("/files/{id}/preview"), &[], b"").await;
        assert!(headers["content-type"] == "image/jpeg" && preview.starts_with(&[0xff, 0xd8]), "{engine}");
        let (_, headers, stored) = send(&t.bruno, "GET", &format!("/files/{id}"), &[], b"").await;
        assert_eq!((stored.len(), &headers["content-type"]), (PHOTO.len(), &"image/heic".parse().unwrap()), "{engine}");
        let held = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(":GPSLatitude");
        assert!(held(PHOTO) && !held(&stored), "{engine}");

        let drawing = b"<svg xmlns='http://www.w3.org/2000/svg' width='40' height='20'><script>alert(1)</script></svg>";
        let drawing = post(&t.ana, &t.square, "map.svg", drawing).await;
        assert_eq!((&drawing["has_preview_image"], &drawing["width"]), (&json!(true), &json!(40)), "{engine}");
        let (_, headers, _) = send(&t.bruno, "GET", &format!("/files/{}", text(&drawing, "id")), &[], b"").await;
        let said = |name: &str| headers[name].to_str().unwrap().to_owned();
        assert!(
            said("content-type") == "application/octet-stream" && said("content-disposition").starts_with("attachment"),
            "{engine}"
        );
        assert!(
            said("content-security-policy").contains("sandbox") && said("x-content-type-options") == "nosniff",
            "{engine}"
        );

        let page = post(&t.ana, &t.square, "photo.png", b"<script>alert(1)</script>").await;
        assert_eq!(
            (&page["mime_type"], page.get("width")),
            (&json!("application/octet-stream"), None),
            "{engine}: {page}"
        );
    }
}

#[tokio::test]
async fn the_console_asks_whether_the_storage_works() {
    for world in worlds().await {
        let engine = world.engine;
        let t = team(&world).await;
        let config = json!({"FileSettings": {"DriverName": "local", "Directory": "./data/"}});
        assert_eq!(t.ana.ok("POST", "/file/test", config.clone()).await["status"], "OK", "{engine}");
        assert_eq!(t.bruno.call("POST", "/file/test", config).await.0, StatusCode::FORBIDDEN, "{engine}");
        let s3 = json!({"FileSettings": {"DriverName": "amazons3", "AmazonS3Bucket": "b", "AmazonS3AccessKeyId": "k",
            "AmazonS3SecretAccessKey": "s", "AmazonS3Endpoint": "127.0.0.1:1", "AmazonS3SSL": false}});
        let (status, body) = t.ana.call("POST", "/file/test", s3).await;
        assert_eq!(
            (status, text(&body, "id")),
            (StatusCode::INTERNAL_SERVER_ERROR, "api.file.test_connection.app_error".into()),
            "{engine}: nobody listens there"
        );
    }
}

#[tokio::test]
async fn the_file_of_a_bookmark_is_exchanged() {
    for world in worlds().await {
        let engine = world.engine;
        let t = team(&world).await;
        let first = upload(&t.ana, &t.square, "first.pdf", REPORT).await;
        let base = format!("/channels/{}/bookmarks", t.square);
        let new = json!({"type": "file", "display_name": "The plan", "file_id": first["id"]});
        let bookmark = text(&t.ana.ok("POST", &base, new).await, "id");
        let second = upload(&t.ana, &t.square, "second.docx", PLAN).await;
        let others = upload(&t.bruno, &t.square, "others.odt", MINUTES).await;
        let path = format!("{base}/{bookmark}");
        let (status, _) = t.ana.call("PATCH", &path, json!({"file_id": others["id"]})).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{engine}: not one's own file");
        let changed = t.ana.ok("PATCH", &path, json!({"file_id": second["id"]})).await;
        assert_eq!(changed["updated"]["file"]["name"], "second.docx", "{engine}: {changed}");
        let seen = t.bruno.get(&base).await;
        assert_eq!((&seen[0]["file_id"], &seen[0]["display_name"]), (&second["id"], &json!("The plan")), "{engine}");
        let path = format!("/files/{}", text(&second, "id"));
        assert_eq!(
            send(&t.bruno, "GET", &path, &[], b"").await.2,
            PLAN,
            "{engine}: who may read the channel may read it"
        );
        let path = format!("/files/{}", text(&first, "id"));
        assert_eq!(send(&t.ana, "GET", &path, &[], b"").await.0, StatusCode::NOT_FOUND, "{engine}");
    }
}

#[tokio::test]
async fn the_site_has_a_picture_of_its_own() {
    const PNG: &[u8] = include_bytes!("../../../pictures/tests/fixtures/place.png");
    for world in worlds().await {
        let engine = world.engine;
        let t = team(&world).await;
        let nobody = Person { api: &world.api, token: String::new(), id: String::new() };
        assert_eq!(send(&nobody, "GET", "/brand/image", &[], b"").await.0, StatusCode::NOT_FOUND, "{engine}");
        let form = |bytes: &[u8]| {
            let head = b"--x\r\ncontent-disposition: form-data; name=\"image\"; filename=\"b.png\"\r\n\r\n".as_slice();
            [head, bytes, b"\r\n--x--\r\n"].concat()
        };
        let kind = [("content-type", "multipart/form-data; boundary=x")];
        assert_eq!(
            send(&t.bruno, "POST", "/brand/image", &kind, &form(PNG)).await.0,
            StatusCode::FORBIDDEN,
            "{engine}"
        );
        assert_eq!(
            send(&t.ana, "POST", "/brand/image", &kind, &form(b"<svg/>")).await.0,
            StatusCode::BAD_REQUEST,
            "{engine}"
        );
        assert_eq!(send(&t.ana, "POST", "/brand/image", &kind, &form(PNG)).await.0, StatusCode::CREATED, "{engine}");
        let (status, headers, body) = send(&nobody, "GET", "/brand/image", &[], b"").await;
        assert_eq!(
            (status, &headers["content-type"], body.len()),
            (StatusCode::OK, &"image/png".parse().unwrap(), PNG.len()),
            "{engine}"
        );
        t.ana.ok("DELETE", "/brand/image", Value::Null).await;
        assert_eq!(send(&nobody, "GET", "/brand/image", &[], b"").await.0, StatusCode::NOT_FOUND, "{engine}");
    }
}
