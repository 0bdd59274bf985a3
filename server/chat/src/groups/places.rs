//! Reading groups: all, by name, of a user, and how many members of each are in a channel.

use super::{link_store, load, store};
use crate::Json;
use crate::paging;
use crate::roles::Permission;
use crate::users::me_or;
use crate::{Actor, Error, Result, Site, channels, teams, users};
use axum::extract::{Path, Query, State};
use db::Conn;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use wire::Group;

/// Query of the lists.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Q {
    page: i64,
    per_page: Option<i64>,
    q: String,
    since: i64,
    include_member_count: bool,
    include_member_ids: bool,
    include_archived: bool,
    filter_archived: bool,
    filter_allow_reference: bool,
    filter_has_member: String,
    include_timezones: bool,
    not_associated_to_team: String,
    not_associated_to_channel: String,
    /// Groups by channel: a page of them instead of all.
    paginate: bool,
}

/// Adds the numbers that the query asks for.
async fn counted(conn: &mut Conn, mut groups: Vec<Group>, q: &Q) -> Result<Vec<Group>> {
    if q.include_member_count {
        let ids: Vec<String> = groups.iter().map(|g| g.id.clone()).collect();
        let counts = store::counts(conn, &ids).await?;
        for group in &mut groups {
            group.member_count = Some(counts.get(&group.id).copied().unwrap_or(0));
        }
    }
    if q.include_member_ids {
        for group in &mut groups {
            group.member_ids = Some(store::member_ids(conn, &group.id, 10_000, 0).await?);
        }
    }
    Ok(groups)
}

/// GET /groups
pub async fn all(State(site): State<Site>, _: Actor, Query(q): Query<Q>) -> Result<Json<Vec<Group>>> {
    let (limit, offset) = paging::limits(q.page, q.per_page);
    let wanted = store::Wanted {
        term: q.q.clone(),
        only_referable: q.filter_allow_reference,
        since: q.since,
        only_archived: q.filter_archived,
        with_archived: q.include_archived || q.since > 0,
        member: q.filter_has_member.clone(),
        not_linked_to: format!("{}{}", q.not_associated_to_team, q.not_associated_to_channel),
    };
    let mut conn = site.db.read().await?;
    let found = store::filtered(&mut conn, &wanted, limit, offset).await?;
    counted(&mut conn, found, &q).await.map(Json)
}

/// GET /groups/{id}
pub async fn one(
    State(site): State<Site>,
    _: Actor,
    Path(id): Path<String>,
    Query(q): Query<Q>,
) -> Result<Json<Group>> {
    let mut conn = site.db.read().await?;
    let group = load(&mut conn, &id).await?;
    counted(&mut conn, vec![group], &q).await?.pop().map(Json).ok_or_else(super::missing)
}

/// POST /groups/names
pub async fn by_names(State(site): State<Site>, _: Actor, Json(names): Json<Vec<String>>) -> Result<Json<Vec<Group>>> {
    if names.len() > 1000 {
        return Err(Error::invalid_body("group_names", "at most 1000 at once"));
    }
    Ok(Json(store::by_names(&mut site.db.read().await?, &names).await?))
}

/// GET /users/{id}/groups
pub async fn of_user(State(site): State<Site>, actor: Actor, Path(user): Path<String>) -> Result<Json<Vec<Group>>> {
    let user = me_or(&actor, &user)?;
    Ok(Json(store::of_user(&mut site.db.read().await?, &user).await?))
}

async fn linked(conn: &mut Conn, place: &str, q: &Q) -> Result<Json<Value>> {
    let (limit, offset) = paging::limits(q.page, q.per_page);
    let (found, total) = store::linked(conn, place, q.filter_allow_reference, &q.q, limit, offset).await?;
    let groups = counted(conn, found, q).await?;
    Ok(Json(json!({"groups": groups, "total_group_count": total})))
}

/// GET /channels/{id}/groups: groups of a directory that are linked to the channel.
pub async fn of_channel(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(q): Query<Q>,
) -> Result<Json<Value>> {
    let mut conn = site.db.read().await?;
    channels::access(&mut conn, &actor, &id, Permission::READ_CHANNEL).await?;
    linked(&mut conn, &id, &q).await
}

/// As [`of_channel`], of a team.
pub async fn of_team(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(q): Query<Q>,
) -> Result<Json<Value>> {
    let mut conn = site.db.read().await?;
    teams::require_member(&mut conn, &actor, &id).await?;
    linked(&mut conn, &id, &q).await
}

/// Links of one team that an answer holds.
const MOST_LINKS: i64 = 10_000;

/// GET /teams/{id}/groups_by_channels: of the channels that the actor may read.
pub async fn by_channels(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(q): Query<Q>,
) -> Result<Json<Value>> {
    let mut conn = site.db.read().await?;
    teams::require_member(&mut conn, &actor, &id).await?;
    let links = link_store::by_channel(&mut conn, &id, MOST_LINKS).await?;
    let mut ids: Vec<String> = links.values().flatten().map(|(group, _)| group.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    let groups = store::by_ids(&mut conn, &ids).await?;
    let mut out = BTreeMap::new();
    for (channel, links) in links {
        if channels::access(&mut conn, &actor, &channel, Permission::READ_CHANNEL).await.is_err() {
            continue;
        }
        let of_channel: Vec<Group> = links
            .iter()
            .filter_map(|(id, admin)| {
                let group = groups.iter().find(|g| g.id == *id)?;
                Some(Group { scheme_admin: Some(*admin), ..group.clone() })
            })
            .filter(|g| !q.filter_allow_reference || g.allow_reference)
            .collect();
        out.insert(channel, counted(&mut conn, of_channel, &q).await?);
    }
    if q.paginate {
        let (limit, offset) = paging::limits(q.page, q.per_page);
        let size = |n: i64| usize::try_from(n).unwrap_or(usize::MAX);
        out = out.into_iter().skip(size(offset)).take(size(limit)).collect();
    }
    Ok(Json(json!({"groups": out})))
}

/// GET /channels/{id}/member_counts_by_group: how many people a mention of each group reaches here.
pub async fn counts_in_channel(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(q): Query<Q>,
) -> Result<Json<Vec<Value>>> {
    let mut conn = site.db.read().await?;
    channels::access(&mut conn, &actor, &id, Permission::READ_CHANNEL).await?;
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (group, user) in store::in_channel(&mut conn, &id).await? {
        groups.entry(group).or_default().push(user);
    }
    let mut out = Vec::new();
    for (group, members) in groups {
        let mut zones = 0;
        if q.include_timezones {
            let people = users::by_ids(&mut conn, &members).await?;
            zones = people.iter().filter_map(users::timezone).collect::<BTreeSet<String>>().len();
        }
        out.push(json!({
            "group_id": group, "channel_member_count": members.len(), "channel_member_timezones_count": zones
        }));
    }
    Ok(Json(out))
}
