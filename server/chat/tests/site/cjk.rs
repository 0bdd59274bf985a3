//! Words of languages that put no spaces between them are found, in messages and in names of files.

use crate::support::{team, text, worlds};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::json;

#[tokio::test]
async fn any_part_of_a_chinese_japanese_or_korean_text_is_found() {
    let letters = proptest::prop_oneof![
        "[\u{4e00}-\u{9fa5}]{3,12}",
        "[\u{3041}-\u{3096}\u{30a1}-\u{30fa}ー]{3,12}",
        "[\u{ac00}-\u{d7a3}]{3,12}",
    ];
    let cases = (letters, 0..10_usize, 2..6_usize).prop_map(|(text, from, length)| {
        let all: Vec<char> = text.chars().collect();
        let from = from.min(all.len() - 2);
        let part: String = all[from..(from + length).min(all.len())].iter().collect();
        (text, part)
    });
    let mut runner = TestRunner::deterministic();
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        for n in 0..40 {
            let (whole, part) = cases.new_tree(&mut runner).unwrap().current();
            world.clock.advance(1);
            let post = t.ana.says(&t.square, "", &format!("{whole}。 #tag{n} ok")).await;
            let id = text(&post, "id");
            let found = async |terms: &str| {
                let body = json!({"terms": terms, "is_or_search": false});
                let page = t.bruno.ok("POST", &format!("/teams/{}/posts/search", t.id), body).await;
                page["order"].as_array().unwrap().contains(&json!(id))
            };
            assert!(found(&part).await, "{engine}: {part} in {whole}");
            assert!(found(&format!("\"{part}\" #tag{n} from:ana in:town-square")).await, "{engine}: {part} in {whole}");
            assert!(!found(&format!("ok -{part}")).await, "{engine}: {part} left out of {whole}");
        }
        for name in ["東京都庁の地図.txt", "서울시청안내.txt"] {
            let at = format!("/files?channel_id={}&filename={}", t.square, percent(name));
            let info = t.ana.sends(&at, "text/plain", b"x").await["file_infos"][0].clone();
            let post = json!({"channel_id": t.square, "message": "", "file_ids": [info["id"]]});
            t.ana.ok("POST", "/posts", post).await;
            let part: String = name.chars().skip(1).take(2).collect();
            let body = json!({"terms": part, "is_or_search": false});
            let files = t.bruno.ok("POST", &format!("/teams/{}/files/search", t.id), body).await;
            assert_eq!(files["order"], json!([info["id"]]), "{engine}: {part} in {name}");
        }
    }
}

fn percent(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02X}")).collect()
}
