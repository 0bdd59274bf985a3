//! Pressing a button, or choosing from a select.

use super::{cookie, trigger, update, whisper};
use crate::posting::{self, Speech};
use crate::{Integrations, slack};
use axum::Extension;
use axum::extract::{Path, State};
use chat::Json;
use chat::error::Kind;
use chat::posts::{self, attachments};
use chat::roles::Permission;
use chat::{Actor, Error, Result, Site, channels, teams, users};
use db::Conn;
use reqwest::Method;
use serde_json::{Map, Value, json};
use wire::{ActionReply, ActionRequest, ActionUpdate, Channel, DoAction, Event, Post, Props};

type Object = Map<String, Value>;

/// The button, the post it is in, and whether that post is stored.
struct Pressed {
    post: Post,
    action: Object,
    stored: bool,
}

fn invalid_action() -> Error {
    Error::not_found("api.post.do_action.action_id.app_error", "Invalid action id.")
}

fn failed(reason: impl std::fmt::Display) -> Error {
    let message = format!("Action integration error: {reason}.");
    Error::invalid("api.post.do_action.action_integration.app_error", message)
}

fn text<'a>(object: &'a Object, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// POST /posts/{id}/actions/{action}
pub async fn handler(
    State(site): State<Site>,
    Extension(integrations): Extension<Integrations>,
    actor: Actor,
    Path((post_id, action_id)): Path<(String, String)>,
    body: Option<Json<DoAction>>,
) -> Result<Json<Value>> {
    let body = body.map(|Json(body)| body).unwrap_or_default();
    let pressed = find(&site, &integrations, &actor, (&post_id, &action_id), &body.cookie).await?;
    let made = trigger::make(&integrations.seal, &actor.user_id, site.clock.now_ms());
    let request = request(&site, &actor, &pressed, &body.selected_option, made.program).await?;
    let address = pressed.action.get("integration").and_then(|i| i.get("url")).and_then(Value::as_str);
    let address = address.ok_or_else(|| failed("nothing belongs to this button"))?;
    let reply: ActionReply = ask(&integrations, address, &request).await?;
    if let Some(change) = reply.update {
        change_post(&site, &integrations, &actor, &pressed, change).await?;
    }
    if !reply.ephemeral_text.is_empty() {
        let mut words = reply.ephemeral_text;
        if !reply.skip_slack_parsing {
            let people = posting::people(&mut site.db.read().await?, &words, &[]).await?;
            words = slack::markdown(&words, &people);
        }
        let kept = |key: &str| text(&pressed.post.props, key).to_owned();
        let speech = Speech {
            text: words,
            username: kept("override_username"),
            icon_url: kept("override_icon_url"),
            root_id: pressed.post.root_id.clone(),
            ..Speech::default()
        };
        let author = (actor.user_id.as_str(), pressed.post.user_id.as_str());
        whisper(&site, &integrations, author, &pressed.post.channel_id, speech)?;
    }
    Ok(Json(json!({"status": "OK", "trigger_id": made.client})))
}

/// The button as it is stored, or as its cookie says when the post is not.
async fn find(
    site: &Site,
    integrations: &Integrations,
    actor: &Actor,
    (post_id, action_id): (&str, &str),
    sealed: &str,
) -> Result<Pressed> {
    let mut conn = site.db.read().await?;
    let found = match posts::access(&mut conn, actor, post_id, Permission::READ_CHANNEL).await {
        Err(error) if error.kind == Kind::NotFound && !sealed.is_empty() => None,
        Err(error) => return Err(error),
        Ok(post) => Some(post),
    };
    if let Some(post) = found {
        let action = attachments::actions(&post).find(|a| text(a, "id") == action_id).cloned();
        return Ok(Pressed { action: action.ok_or_else(invalid_action)?, post, stored: true });
    }
    let cookie = cookie::read(&integrations.seal, sealed)
        .filter(|c| c.post_id == post_id && c.action_id == action_id && c.user_id == actor.user_id);
    let cookie = cookie.ok_or_else(|| {
        Error::invalid("api.post.do_action.action_id.app_error", "The cookie does not belong to this action.")
    })?;
    channels::access(&mut conn, actor, &cookie.channel_id, Permission::READ_CHANNEL).await?;
    let post = Post {
        id: cookie.post_id,
        channel_id: cookie.channel_id,
        root_id: cookie.root_id,
        user_id: actor.user_id.clone(),
        kind: "system_ephemeral".into(),
        ..Post::default()
    };
    Ok(Pressed { post, action: cookie.action, stored: false })
}

async fn request(
    site: &Site,
    actor: &Actor,
    pressed: &Pressed,
    selected: &str,
    trigger_id: String,
) -> Result<ActionRequest> {
    let mut conn = site.db.read().await?;
    let channel = channels::get(&mut conn, &pressed.post.channel_id).await?.unwrap_or_default();
    let team = teams::get(&mut conn, &channel.team_id).await?.unwrap_or_default();
    let user = users::get(&mut conn, &actor.user_id).await?.unwrap_or_default();
    let integration = pressed.action.get("integration");
    let mut context: Props = integration.and_then(|i| i.get("context")?.as_object().cloned()).unwrap_or_default();
    let source = text(&pressed.action, "data_source");
    let select = text(&pressed.action, "type") == "select";
    if select {
        check_choice(&mut conn, actor, source, selected).await?;
        context.insert("selected_option".into(), selected.into());
    }
    let Channel { id: channel_id, name: channel_name, team_id, .. } = channel;
    Ok(ActionRequest {
        user_id: user.id,
        user_name: user.username,
        channel_id,
        channel_name,
        team_id,
        team_domain: team.name,
        post_id: pressed.post.id.clone(),
        trigger_id,
        kind: if select { "select" } else { "button" }.into(),
        data_source: source.to_owned(),
        context,
    })
}

/// What is chosen from the site's own lists must exist, and be the chooser's to see.
async fn check_choice(conn: &mut Conn, actor: &Actor, source: &str, selected: &str) -> Result<()> {
    let fits = match source {
        "users" => users::get(conn, selected).await?.is_some(),
        "channels" => channels::access(conn, actor, selected, Permission::READ_CHANNEL).await.is_ok(),
        _ => !selected.is_empty(),
    };
    if fits { Ok(()) } else { Err(Error::invalid_body("selected_option", "it is none of the choices")) }
}

async fn ask(integrations: &Integrations, address: &str, request: &ActionRequest) -> Result<ActionReply> {
    let asking = integrations.client.request(Method::POST, address).map_err(failed)?.json(request);
    let answer = integrations.client.send(asking).await.map_err(failed)?;
    if !answer.ok() {
        return Err(failed(format_args!("status={}", answer.status)));
    }
    let body = String::from_utf8_lossy(&answer.body);
    if body.trim().is_empty() {
        return Ok(ActionReply::default());
    }
    crate::incoming::parse(&body).map_err(|e| failed(format_args!("the answer is no JSON: {e}")))
}

async fn change_post(
    site: &Site,
    integrations: &Integrations,
    actor: &Actor,
    pressed: &Pressed,
    change: ActionUpdate,
) -> Result<()> {
    let mut changed = pressed.post.clone();
    update::apply(&mut changed, change.clone());
    posts::check_length(&changed, &site.config())?;
    if pressed.stored {
        posts::update_as_system(site, &changed.id, |post| update::apply(post, change)).await?;
        return Ok(());
    }
    changed.update_at = site.clock.now_ms();
    changed.create_at = changed.update_at;
    cookie::give(&integrations.seal, &mut changed, &actor.user_id);
    let event = Event::new("post_edited").with_encoded("post", &changed);
    site.hub.publish(event.to_channel(&changed.channel_id).to_user(&actor.user_id));
    Ok(())
}
