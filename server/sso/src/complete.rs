//! GET `/signup/{service}/complete` and `/login/{service}/complete`: back from the provider.

use crate::Sso;
use crate::account::{self, ACTION};
use crate::begin::{FLOW, no_cookie, with};
use crate::claims::{self, Person};
use crate::flow::{self, Flow, Purpose};
use crate::handover;
use crate::tokens::{self, Kind};
use crate::trouble::{Trouble, to};
use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum_extra::extract::CookieJar;
use chat::Site;
use chat::auth::{self, Address, Entrance};
use serde::Deserialize;
use wire::User;

/// What the provider sends back with the browser.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Answer {
    code: String,
    state: String,
    error: String,
    error_description: String,
    iss: Option<String>,
}

/// Whoever came back.
struct Came<'a> {
    headers: &'a HeaderMap,
    address: Address,
}

impl Came<'_> {
    fn entrance<'e>(&'e self, service: &'e str, mobile: bool) -> Entrance<'e> {
        let user_agent = self.headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        Entrance { action: ACTION, service, device_id: "", mobile, user_agent, address: self.address }
    }
}

pub async fn complete(
    State(site): State<Site>,
    Extension(sso): Extension<Sso>,
    Path(service): Path<String>,
    Query(answer): Query<Answer>,
    address: Address,
    headers: HeaderMap,
    jar: CookieJar,
) -> Response {
    let came = Came { headers: &headers, address };
    let used = no_cookie(&site, &headers, &flow::cookie(&answer.state));
    let response = match sso.flow(&jar, &service, &answer, site.clock.now_ms()) {
        Ok(flow) => match sso.complete(&site, &came, &flow, answer).await {
            Ok(response) => response,
            Err(trouble) => trouble.shown(&service),
        },
        Err(trouble) => trouble.shown(&service),
    };
    with(response, [used])
}

impl Sso {
    /// The login that this answer ends. It is over whatever comes of it.
    fn flow(&self, jar: &CookieJar, service: &str, answer: &Answer, now: i64) -> Result<Flow, Trouble> {
        let sealed = jar.get(&flow::cookie(&answer.state)).ok_or(Trouble::State)?;
        let flow: Flow = self.seal.open(FLOW, sealed.value()).ok_or(Trouble::State)?;
        if !flow.ends(service, &answer.state, now) || !self.ended.first(&flow.state) {
            return Err(Trouble::State);
        }
        Ok(flow)
    }

    async fn complete(&self, site: &Site, came: &Came<'_>, flow: &Flow, answer: Answer) -> Result<Response, Trouble> {
        let provider = self.provider(&flow.service)?;
        if !provider.is_named(answer.iss.as_deref()) {
            return Err(Trouble::Token("the answer is another provider's".into()));
        }
        if !answer.error.is_empty() || answer.code.is_empty() {
            return Err(Trouble::Refused(format!("{} {}", answer.error, answer.error_description)));
        }
        let claims = provider.claims(&self.http, site.clock.now_ms(), flow, answer.code).await?;
        let person = claims::person(&claims, &provider.config)?;
        let (id, email) = (person.id.clone(), person.email.clone());
        let done = self.let_in(site, came, flow, person).await;
        if let Err(trouble) = &done {
            account::note(site, &flow.service, &id, &email, trouble, came.address).await?;
        }
        done
    }

    async fn let_in(&self, site: &Site, came: &Came<'_>, flow: &Flow, person: Person) -> Result<Response, Trouble> {
        let (service, config) = (flow.service.as_str(), &self.provider(&flow.service)?.config);
        let mut tx = site.db.write().await?;
        if let Purpose::Switch { user_id } = &flow.purpose {
            account::switch(site, &mut tx, user_id, service, &person, came.address).await?;
            tx.commit().await?;
            return Ok(to("/login?extra=signin_change"));
        }
        let user = account::find_or_make(site, &mut tx, config, service, person, came.address).await?;
        let response = finish(site, &mut tx, came, flow, &user).await?;
        tx.commit().await?;
        Ok(response)
    }
}

/// Gives whoever began the login what they began it for.
async fn finish(site: &Site, tx: &mut db::Tx, came: &Came<'_>, flow: &Flow, user: &User) -> Result<Response, Trouble> {
    let (service, now) = (flow.service.as_str(), site.clock.now_ms());
    match &flow.purpose {
        Purpose::Web { back } => {
            let made = auth::enter(site, tx, user, &came.entrance(service, false)).await?;
            let cookies = auth::cookies(site, came.headers, &user.id, &made)?;
            Ok(with(to(back), cookies.into_iter().map(|(_, value)| Some(value))))
        }
        Purpose::Desktop { client_token, dev } => {
            let token = tokens::make(tx, Kind::Desktop, &user.id, service, None, now).await?;
            Ok(to(&handover::desktop(client_token, &token, *dev)))
        }
        Purpose::App { address, challenge: Some(challenge) } => {
            let code = tokens::make(tx, Kind::Code, &user.id, service, Some(challenge), now).await?;
            let home = auth::link(site, came.headers, "");
            handover::app(address, &[("login_code", &code), ("srv", &home)])
        }
        Purpose::App { address, challenge: None } => {
            let made = auth::enter(site, tx, user, &came.entrance(service, true)).await?;
            let home = auth::link(site, came.headers, "");
            handover::app(address, &[("MMAUTHTOKEN", &made.token), ("MMCSRF", &made.csrf), ("srv", &home)])
        }
        Purpose::Switch { .. } => Err(Trouble::State),
    }
}
