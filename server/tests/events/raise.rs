//! What somebody does so that an event happens.

use crate::world::World;
use serde_json::{Value, json};

/// Does it. What has to be there before is made on the way; those events are others.
pub async fn raise(w: &mut World, event: &str) {
    let family = event.rsplit_once('_').map_or(event, |(family, _)| family);
    match family {
        "reaction" | "post_acknowledgement" | "persistent_notification" | "ephemeral" => on_posts(w, event).await,
        "thread" | "thread_follow" | "thread_read" => threads(w, event).await,
        "draft" | "scheduled_post" | "preferences" | "sidebar_category" | "sidebar_category_order" => {
            keep(w, event).await
        }
        "channel_bookmark" => bookmarks(w, event).await,
        "received" | "group_member" | "custom_profile_attributes_field" | "custom_profile_attributes_values" => {
            groups_and_profiles(w, event).await;
        }
        _ if event.starts_with("received_group_") => linked_groups(w, event).await,
        _ if event.starts_with("post") || event == "typing" => posts(w, event).await,
        _ if event.contains("channel") || ["direct_added", "group_added"].contains(&event) => channels(w, event).await,
        "user" if event != "user_updated" => channels(w, event).await,
        _ if event.contains("team") || event == "memberrole_updated" => teams(w, event).await,
        _ => people(w, event).await,
    }
}

async fn posts(w: &mut World, event: &str) {
    let (channel, post, actor) = (w.id("channel"), w.id("post"), w.id("actor"));
    match event {
        "posted" => {
            let message = format!("@{} I do", w.id("@member"));
            w.ok("actor", "POST", "/posts", json!({"channel_id": channel, "message": message})).await;
        }
        "post_edited" => {
            w.ok("member", "PUT", &format!("/posts/{post}/patch"), json!({"message": "better words"})).await;
        }
        "post_deleted" => {
            w.ok("member", "DELETE", &format!("/posts/{post}"), Value::Null).await;
        }
        "post_unread" => {
            w.ok("actor", "POST", &format!("/users/me/posts/{post}/set_unread"), json!({})).await;
        }
        "typing" => {
            let typing = json!({"channel_id": channel, "parent_id": ""});
            w.ok("actor", "POST", &format!("/users/{actor}/typing"), typing).await;
        }
        other => panic!("nothing raises {other}"),
    }
}

async fn on_posts(w: &mut World, event: &str) {
    let (channel, post, actor) = (w.id("channel"), w.id("post"), w.id("actor"));
    let ack = format!("/users/me/posts/{post}/ack");
    match event {
        "reaction_added" | "reaction_removed" => {
            let reaction = json!({"user_id": actor, "post_id": post, "emoji_name": "smile"});
            w.ok("actor", "POST", "/reactions", reaction).await;
            if event == "reaction_removed" {
                w.ok("actor", "DELETE", &format!("/users/me/posts/{post}/reactions/smile"), Value::Null).await;
            }
        }
        "post_acknowledgement_added" | "post_acknowledgement_removed" => {
            let priority = json!({"priority": "urgent", "requested_ack": true});
            let new = json!({"channel_id": channel, "message": "read this", "metadata": {"priority": priority}});
            let asked = w.ok("member", "POST", "/posts", new).await;
            let ack = ack.replace(&post, &w.keep("asked", &asked));
            w.ok("actor", "POST", &ack, Value::Null).await;
            if event == "post_acknowledgement_removed" {
                w.ok("actor", "DELETE", &ack, Value::Null).await;
            }
        }
        "persistent_notification_triggered" => {
            let priority = json!({"priority": "urgent", "requested_ack": true, "persistent_notifications": true});
            let message = format!("@{} the pump has stopped", w.id("@member"));
            let new = json!({"channel_id": channel, "message": message, "metadata": {"priority": priority}});
            w.ok("actor", "POST", "/posts", new).await;
            w.clock.advance(5 * 60 * 1000);
            chat::posts::do_due(&w.site).await.unwrap();
        }
        "ephemeral_message" => {
            let body = json!({"user_id": w.id("member"), "post": {"channel_id": channel, "message": "for you"}});
            w.ok("admin", "POST", "/posts/ephemeral", body).await;
        }
        other => panic!("nothing raises {other}"),
    }
}

async fn threads(w: &mut World, event: &str) {
    let (channel, post) = (w.id("channel"), w.id("post"));
    let reply = json!({"channel_id": channel, "root_id": post, "message": "I do"});
    w.ok("actor", "POST", "/posts", reply).await;
    let one = format!("/users/me/teams/{}/threads/{post}", w.id("team"));
    match event {
        "thread_updated" => {}
        "thread_follow_changed" => {
            w.ok("actor", "DELETE", &format!("{one}/following"), Value::Null).await;
        }
        "thread_read_changed" => {
            let now = w.clock.now_ms();
            w.ok("actor", "PUT", &format!("{one}/read/{now}"), Value::Null).await;
        }
        other => panic!("nothing raises {other}"),
    }
}

async fn channels(w: &mut World, event: &str) {
    let (channel, team) = (w.id("channel"), w.id("team"));
    let path = format!("/channels/{channel}");
    let outsider = json!({"user_id": w.id("outsider")});
    match event {
        "multiple_channels_viewed" => {
            w.ok("actor", "POST", "/channels/members/me/view", json!({"channel_id": channel})).await;
        }
        "channel_created" => {
            let new = json!({"team_id": team, "name": "new-one", "display_name": "New", "type": "P"});
            w.ok("actor", "POST", "/channels", new).await;
        }
        "channel_updated" => {
            w.ok("actor", "PUT", &format!("{path}/patch"), json!({"header": "news"})).await;
        }
        "channel_deleted" | "channel_restored" => {
            w.ok("actor", "DELETE", &path, Value::Null).await;
            if event == "channel_restored" {
                w.ok("actor", "POST", &format!("{path}/restore"), Value::Null).await;
            }
        }
        "channel_converted" => {
            w.ok("actor", "PUT", &format!("{path}/privacy"), json!({"privacy": "P"})).await;
        }
        "channel_member_updated" => {
            let path = format!("{path}/members/{}/notify_props", w.id("actor"));
            w.ok("actor", "PUT", &path, json!({"mark_unread": "mention"})).await;
        }
        // Both are there once: the people of the direct and group messages are new.
        "direct_added" => {
            w.ok("actor", "POST", "/channels/direct", json!([w.id("actor"), w.id("member")])).await;
        }
        "group_added" => {
            w.ok("actor", "POST", "/channels/group", json!([w.id("guest"), w.id("member")])).await;
        }
        "user_added" => {
            w.ok("actor", "POST", &format!("{path}/members"), outsider).await;
        }
        "user_removed" => {
            w.ok("actor", "DELETE", &format!("{path}/members/{}", w.id("member")), Value::Null).await;
        }
        other => panic!("nothing raises {other}"),
    }
}

async fn teams(w: &mut World, event: &str) {
    let team = w.id("team");
    let path = format!("/teams/{team}");
    match event {
        "added_to_team" => {
            let body = json!({"team_id": team, "user_id": w.id("stranger")});
            w.ok("actor", "POST", &format!("{path}/members"), body).await;
        }
        "leave_team" => {
            w.ok("member", "DELETE", &format!("{path}/members/{}", w.id("member")), Value::Null).await;
        }
        "update_team" => {
            w.ok("actor", "PUT", &format!("{path}/patch"), json!({"display_name": "Field"})).await;
        }
        "delete_team" | "restore_team" => {
            w.ok("admin", "DELETE", &path, Value::Null).await;
            if event == "restore_team" {
                w.ok("admin", "POST", &format!("{path}/restore"), Value::Null).await;
            }
        }
        "memberrole_updated" => {
            let body = json!({"scheme_user": true, "scheme_admin": true});
            w.ok("actor", "PUT", &format!("{path}/members/{}/schemeRoles", w.id("member")), body).await;
        }
        other => panic!("nothing raises {other}"),
    }
}

async fn people(w: &mut World, event: &str) {
    let actor = w.id("actor");
    match event {
        "new_user" => w.arrive("newcomer").await,
        "user_updated" => {
            w.ok("actor", "PUT", &format!("/users/{actor}/patch"), json!({"nickname": "Ana"})).await;
        }
        "user_role_updated" => {
            let roles = json!({"roles": "system_user system_custom_group_admin"});
            w.ok("admin", "PUT", &format!("/users/{}/roles", w.id("member")), roles).await;
        }
        "user_activation_status_change" => {
            w.arrive("newcomer").await;
            let path = format!("/users/{}/active", w.id("newcomer"));
            w.ok("admin", "PUT", &path, json!({"active": false})).await;
        }
        "config_changed" => {
            let name = json!({"TeamSettings": {"SiteName": kit::id::new()}});
            w.ok("admin", "PUT", "/config/patch", name).await;
        }
        "role_updated" => {
            let role = w.ok("admin", "GET", "/roles/name/custom_group_user", Value::Null).await;
            let path = format!("/roles/{}/patch", w.keep("role", &role));
            w.ok("admin", "PUT", &path, json!({"permissions": role["permissions"]})).await;
        }
        "status_change" => {
            let status = json!({"user_id": actor, "status": "away"});
            w.ok("actor", "PUT", &format!("/users/{actor}/status"), status).await;
        }
        "emoji_added" => {
            let name = format!("e{}", &kit::id::new()[..8]);
            let emoji = json!({"name": name, "creator_id": actor});
            let mut form =
                b"--x\r\ncontent-disposition: form-data; name=\"image\"; filename=\"e.gif\"\r\n\r\n".to_vec();
            form.extend(GIF);
            let rest = format!("\r\n--x\r\ncontent-disposition: form-data; name=\"emoji\"\r\n\r\n{emoji}\r\n--x--\r\n");
            form.extend(rest.bytes());
            w.form("actor", "/emoji", form).await;
        }
        other => panic!("nothing raises {other}"),
    }
}

/// One pixel.
const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

async fn keep(w: &mut World, event: &str) {
    let (channel, team, actor) = (w.id("channel"), w.id("team"), w.id("actor"));
    match event {
        "draft_created" | "draft_updated" | "draft_deleted" => {
            let draft = json!({"channel_id": channel, "message": "I"});
            w.ok("actor", "POST", "/drafts", draft.clone()).await;
            match event {
                "draft_updated" => drop(w.ok("actor", "POST", "/drafts", draft).await),
                "draft_deleted" => {
                    w.ok("actor", "DELETE", &format!("/users/me/channels/{channel}/drafts"), Value::Null).await;
                }
                _ => {}
            }
        }
        "scheduled_post_created" | "scheduled_post_updated" | "scheduled_post_deleted" => {
            let later = w.clock.now_ms() + 3_600_000;
            let plan = json!({"channel_id": channel, "message": "later", "scheduled_at": later});
            let mut plan = w.ok("actor", "POST", "/posts/schedule", plan).await;
            let path = format!("/posts/schedule/{}", w.keep("plan", &plan));
            plan["message"] = json!("much later");
            match event {
                "scheduled_post_updated" => drop(w.ok("actor", "PUT", &path, plan).await),
                "scheduled_post_deleted" => drop(w.ok("actor", "DELETE", &path, Value::Null).await),
                _ => {}
            }
        }
        "preferences_changed" | "preferences_deleted" => {
            let list = json!([{"user_id": actor, "category": "display_settings", "name": "clock", "value": "24"}]);
            let path = format!("/users/{actor}/preferences");
            w.ok("actor", "PUT", &path, list.clone()).await;
            if event == "preferences_deleted" {
                w.ok("actor", "POST", &format!("{path}/delete"), list).await;
            }
        }
        _ => {
            let path = format!("/users/{actor}/teams/{team}/channels/categories");
            let new = json!({"user_id": actor, "team_id": team, "display_name": "Nights", "channel_ids": []});
            let mut made = w.ok("actor", "POST", &path, new).await;
            let one = format!("{path}/{}", w.keep("category", &made));
            match event {
                "sidebar_category_created" => {}
                "sidebar_category_updated" => {
                    made["channel_ids"] = json!([channel]);
                    w.ok("actor", "PUT", &one, made).await;
                }
                "sidebar_category_deleted" => drop(w.ok("actor", "DELETE", &one, Value::Null).await),
                "sidebar_category_order_updated" => {
                    let order = w.ok("actor", "GET", &format!("{path}/order"), Value::Null).await;
                    w.ok("actor", "PUT", &format!("{path}/order"), order).await;
                }
                other => panic!("nothing raises {other}"),
            }
        }
    }
}

async fn bookmarks(w: &mut World, event: &str) {
    let path = format!("/channels/{}/bookmarks", w.id("channel"));
    let new = json!({"display_name": "plan", "type": "link", "link_url": "https://site.example"});
    let made = w.ok("actor", "POST", &path, new.clone()).await;
    let one = format!("{path}/{}", w.keep("bookmark", &made));
    match event {
        "channel_bookmark_created" => {}
        "channel_bookmark_updated" => drop(w.ok("actor", "PATCH", &one, json!({"display_name": "better plan"})).await),
        "channel_bookmark_sorted" => {
            w.ok("actor", "POST", &path, new).await;
            w.ok("actor", "POST", &format!("{one}/sort_order"), json!(1)).await;
        }
        "channel_bookmark_deleted" => drop(w.ok("actor", "DELETE", &one, Value::Null).await),
        other => panic!("nothing raises {other}"),
    }
}

/// A group of a directory, without the directory.
async fn linked_groups(w: &mut World, event: &str) {
    let mut tx = w.site.db.write().await.unwrap();
    let group = chat::groups::remote::link(&w.site, &mut tx, "ldap", &kit::id::new(), "Shift").await.unwrap();
    tx.commit().await.unwrap();
    let (kind, place) = if event.ends_with("team") { ("teams", w.id("team")) } else { ("channels", w.id("channel")) };
    let path = format!("/groups/{}/{kind}/{place}/link", group.id);
    w.ok("admin", "POST", &path, json!({"auto_add": false})).await;
    if event.contains("not_associated") {
        w.ok("admin", "DELETE", &path, Value::Null).await;
    }
}

async fn groups_and_profiles(w: &mut World, event: &str) {
    let name = format!("g{}", &kit::id::new()[..8]);
    let (actor, member) = (w.id("actor"), w.id("member"));
    match event {
        "received_group" | "group_member_add" | "group_member_deleted" => {
            let new = json!({"name": name, "display_name": name, "source": "custom", "allow_reference": true, "user_ids": []});
            let group = w.ok("actor", "POST", "/groups", new).await;
            let path = format!("/groups/{}/members", w.keep("group", &group));
            let people = json!({"user_ids": [member]});
            if event != "received_group" {
                w.ok("actor", "POST", &path, people.clone()).await;
            }
            if event == "group_member_deleted" {
                w.ok("actor", "DELETE", &path, people).await;
            }
        }
        _ => {
            let field =
                w.ok("admin", "POST", "/custom_profile_attributes/fields", json!({"name": name, "type": "text"})).await;
            let id = w.keep("field", &field);
            let path = format!("/custom_profile_attributes/fields/{id}");
            match event {
                "custom_profile_attributes_field_created" => {}
                "custom_profile_attributes_field_updated" => {
                    w.ok("admin", "PATCH", &path, json!({"name": format!("{name}2")})).await;
                }
                "custom_profile_attributes_values_updated" => {
                    let value = json!({id: "captain"});
                    w.ok("actor", "PATCH", &format!("/users/{actor}/custom_profile_attributes"), value).await;
                }
                "custom_profile_attributes_field_deleted" => {}
                other => panic!("nothing raises {other}"),
            }
            // Only a few fields may be there at a time.
            w.ok("admin", "DELETE", &path, Value::Null).await;
        }
    }
}
