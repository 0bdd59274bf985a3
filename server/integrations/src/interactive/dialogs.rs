//! Forms: a program opens one for a user who just called it, and is sent what the user fills in.

use super::{links, trigger};
use crate::Integrations;
use axum::Extension;
use axum::extract::State;
use chat::Json;
use chat::error::Kind;
use chat::roles::Permission;
use chat::{Actor, Error, Result, Site, channels, teams, users};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use wire::{ActionRequest, Channel, Dialog, Event, OpenDialog, Props, StatusOk, SubmitDialog, SubmitDialogReply};

const MAX_ELEMENTS: usize = 50;
const MAX_FILES: usize = 10;
/// Keys of elements that hold addresses.
const ADDRESS: &str = "data_source_url";

fn failed(reason: impl std::fmt::Display) -> Error {
    let message = format!("Action integration error: {reason}.");
    Error::invalid("api.post.do_action.action_integration.app_error", message)
}

/// POST /actions/dialogs/open: the trigger id says for whom; the program has no session.
pub async fn open(
    State(site): State<Site>,
    Extension(integrations): Extension<Integrations>,
    Json(mut body): Json<OpenDialog>,
) -> Result<Json<StatusOk>> {
    let lifetime = i64::try_from(integrations.config.trigger_s).unwrap_or(i64::MAX / 1000) * 1000;
    let now = site.clock.now_ms();
    let read = trigger::read(&integrations.seal, &body.trigger_id, now, lifetime);
    let (client_id, user_id) = read.map_err(|why| {
        let (what, seconds) = if why == trigger::Invalid::Late { ("expired", lifetime / 1000) } else { ("verify", 0) };
        let message = if seconds > 0 {
            format!(
                "Trigger ID for interactive dialog is expired. Trigger IDs live for a maximum of {seconds} seconds."
            )
        } else {
            format!("Invalid trigger ID for interactive dialog: {why}.")
        };
        Error::invalid(&format!("interactive_message.decode_trigger_id.{what}.app_error"), message)
    })?;
    integrations.check_address("url", &body.url)?;
    check(&integrations, &body.dialog)?;
    let expires = now + integrations.config.dialog_hours * 3_600_000;
    body.trigger_id = client_id;
    body.url = links::sign(&integrations.seal, &body.url, &user_id, expires);
    sign_inner(&integrations, &mut body.dialog, &user_id, expires);
    site.hub.publish(Event::new("open_dialog").with_encoded("dialog", &body).to_user(&user_id));
    Ok(Json(StatusOk::default()))
}

fn check(integrations: &Integrations, dialog: &Dialog) -> Result<()> {
    if dialog.title.trim().is_empty() {
        return Err(Error::invalid_body("dialog", "it has no title"));
    }
    if dialog.elements.len() > MAX_ELEMENTS {
        return Err(Error::invalid_body("dialog", &format!("it has more than {MAX_ELEMENTS} elements")));
    }
    for address in addresses(dialog) {
        integrations.check_address("dialog", address)?;
    }
    Ok(())
}

/// The addresses inside a form that clients send back.
fn addresses(dialog: &Dialog) -> impl Iterator<Item = &str> {
    let source = (!dialog.source_url.is_empty()).then_some(dialog.source_url.as_str());
    let inner = dialog.elements.iter().filter_map(|e| e.get(ADDRESS)?.as_str());
    let buttons = dialog.elements.iter().filter_map(|e| e.get("action_button")?.get("url")?.as_str());
    source.into_iter().chain(inner).chain(buttons).filter(|a| !a.is_empty())
}

fn sign_inner(integrations: &Integrations, dialog: &mut Dialog, user_id: &str, expires: i64) {
    let sign = |url: &str| links::sign(&integrations.seal, url, user_id, expires);
    if !dialog.source_url.is_empty() {
        dialog.source_url = sign(&dialog.source_url);
    }
    let signed = |value: &mut Value| {
        if let Some(url) = value.as_str().filter(|u| !u.is_empty()) {
            *value = sign(url).into();
        }
    };
    for element in &mut dialog.elements {
        element.get_mut(ADDRESS).map(signed);
        element.get_mut("action_button").and_then(|b| b.get_mut("url")).map(signed);
    }
}

/// The address that a program gave, and the channel that the user is in.
async fn target(
    integrations: &Integrations,
    site: &Site,
    actor: &Actor,
    url: &str,
    channel_id: &str,
) -> Result<(String, Channel)> {
    let url = links::open(&integrations.seal, url, &actor.user_id, site.clock.now_ms())
        .ok_or_else(|| Error::invalid_body("url", "no program opened this form for you, or too long ago"))?;
    let channel = channels::access(&mut site.db.read().await?, actor, channel_id, Permission::READ_CHANNEL).await?;
    Ok((url.to_owned(), channel))
}

async fn send(integrations: &Integrations, url: &str, body: &impl serde::Serialize) -> Result<String> {
    let request = integrations.client.request(Method::POST, url).map_err(failed)?.json(body);
    let answer = integrations.client.send(request).await.map_err(failed)?;
    match answer.status.as_u16() {
        200..300 => Ok(String::from_utf8_lossy(&answer.body).into_owned()),
        429 => Err(Error { kind: Kind::TooMany, ..failed("the program wants fewer requests") }),
        500.. => Err(Error { kind: Kind::Unavailable, ..failed(format_args!("status={}", answer.status)) }),
        _ => Err(failed(format_args!("status={}", answer.status))),
    }
}

fn prepared(body: SubmitDialog, kind: &str, actor: &Actor, channel: &Channel) -> SubmitDialog {
    SubmitDialog {
        kind: kind.into(),
        url: String::new(),
        user_id: actor.user_id.clone(),
        channel_id: channel.id.clone(),
        team_id: channel.team_id.clone(),
        ..body
    }
}

/// POST /actions/dialogs/submit: what the program finds wrong goes back, by element.
pub async fn submit(
    State(site): State<Site>,
    Extension(integrations): Extension<Integrations>,
    actor: Actor,
    Json(body): Json<SubmitDialog>,
) -> Result<Json<SubmitDialogReply>> {
    if body.file_ids.len() > MAX_FILES {
        return Err(Error::invalid_body("file_ids", &format!("at most {MAX_FILES} files")));
    }
    let (url, channel) = target(&integrations, &site, &actor, &body.url, &body.channel_id).await?;
    let answer = send(&integrations, &url, &prepared(body, "dialog_submission", &actor, &channel)).await?;
    if answer.trim().is_empty() {
        return Ok(Json(SubmitDialogReply::default()));
    }
    // A program that only says "thanks" in words is content.
    let mut reply: SubmitDialogReply = crate::incoming::parse(&answer).unwrap_or_default();
    if let Some(form) = &mut reply.form {
        check(&integrations, form)?;
        let expires = site.clock.now_ms() + integrations.config.dialog_hours * 3_600_000;
        sign_inner(&integrations, form, &actor.user_id, expires);
    }
    Ok(Json(reply))
}

/// POST /actions/dialogs/lookup: the choices of a select that the program makes while the user types.
pub async fn lookup(
    State(site): State<Site>,
    Extension(integrations): Extension<Integrations>,
    actor: Actor,
    Json(body): Json<SubmitDialog>,
) -> Result<Json<Value>> {
    let (url, channel) = target(&integrations, &site, &actor, &body.url, &body.channel_id).await?;
    let answer = send(&integrations, &url, &prepared(body, "dialog_lookup", &actor, &channel)).await?;
    if answer.trim().is_empty() {
        return Ok(Json(json!({"items": []})));
    }
    let found: Value = crate::incoming::parse(&answer).map_err(|e| failed(format_args!("no JSON: {e}")))?;
    let items = found.get("items").or_else(|| found.get("options")).cloned().unwrap_or_else(|| json!([]));
    Ok(Json(json!({"items": items, "options": items})))
}

/// Body of POST /actions/dialogs/execute.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Execute {
    url: String,
    context: Props,
    channel_id: String,
}

/// POST /actions/dialogs/execute: a button in a form; the program may open another form.
pub async fn execute(
    State(site): State<Site>,
    Extension(integrations): Extension<Integrations>,
    actor: Actor,
    Json(body): Json<Execute>,
) -> Result<Json<Value>> {
    let (url, channel) = target(&integrations, &site, &actor, &body.url, &body.channel_id).await?;
    let made = trigger::make(&integrations.seal, &actor.user_id, site.clock.now_ms());
    let mut conn = site.db.read().await?;
    let user = users::get(&mut conn, &actor.user_id).await?.unwrap_or_default();
    let team = teams::get(&mut conn, &channel.team_id).await?.unwrap_or_default();
    drop(conn);
    let request = ActionRequest {
        user_id: user.id,
        user_name: user.username,
        channel_id: channel.id,
        channel_name: channel.name,
        team_id: channel.team_id,
        team_domain: team.name,
        trigger_id: made.program,
        kind: "button".into(),
        context: body.context,
        ..ActionRequest::default()
    };
    send(&integrations, &url, &request).await?;
    Ok(Json(json!({"status": "OK", "trigger_id": made.client})))
}
