//! Roles and schemes, in both directions: who may do what goes along when a site moves.

use super::line;
use super::line::text;
use super::names::Names;
use chat::roles::{self, SYSTEM_ADMIN};
use chat::schemes::{self, Permissions};
use chat::{Result, Site};
use db::{Conn, Tx};
use wire::{Role, Scheme};

/// Where a line of a scheme has a role, by the built-in role that it stands for.
type Place = fn(&mut line::Scheme) -> &mut Option<line::Role>;

const PLACES: [(&str, Place); 6] = [
    ("team_admin", |s| &mut s.default_team_admin_role),
    ("team_user", |s| &mut s.default_team_user_role),
    ("team_guest", |s| &mut s.default_team_guest_role),
    ("channel_admin", |s| &mut s.default_channel_admin_role),
    ("channel_user", |s| &mut s.default_channel_user_role),
    ("channel_guest", |s| &mut s.default_channel_guest_role),
];

fn role_line(role: Role) -> line::Role {
    line::Role {
        name: Some(role.name),
        display_name: Some(role.display_name),
        description: Some(role.description),
        permissions: Some(role.permissions),
    }
}

/// The roles that belong to no scheme, by name.
pub async fn role_lines(view: &mut Conn) -> Result<Vec<line::Role>> {
    let mut all = roles::all(view).await?;
    all.retain(|r| r.built_in || !r.scheme_managed);
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all.into_iter().map(role_line).collect())
}

/// The schemes with their roles, by name.
pub async fn scheme_lines(view: &mut Conn) -> Result<Vec<line::Scheme>> {
    let mut all = schemes::all(view).await?;
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let mut lines = Vec::with_capacity(all.len());
    for scheme in all {
        let mut line = line::Scheme {
            name: Some(scheme.name.clone()),
            display_name: Some(scheme.display_name.clone()),
            description: Some(scheme.description.clone()),
            scope: Some(scheme.scope.clone()),
            ..line::Scheme::default()
        };
        for (built_in, name) in schemes::roles_of(&scheme) {
            let place = PLACES.iter().find(|(of, _)| *of == built_in);
            if let (Some((_, place)), Some(role)) = (place, roles::by_name(view, &name).await?) {
                *place(&mut line) = Some(role_line(role));
            }
        }
        lines.push(line);
    }
    Ok(lines)
}

/// Applies a line of a role. What system administrators may is everywhere the same.
pub async fn role(site: &Site, tx: &mut Tx, r: &line::Role) -> Result<()> {
    let (name, now) = (text(&r.name), site.clock.now_ms());
    if name == SYSTEM_ADMIN {
        return Ok(());
    }
    let known = roles::by_name(tx, name).await?;
    let is_new = known.is_none();
    let mut role =
        known.unwrap_or_else(|| Role { id: kit::id::new(), name: name.to_owned(), create_at: now, ..Role::default() });
    role.update_at = now;
    if let Some(text) = &r.display_name {
        role.display_name.clone_from(text);
    }
    if let Some(text) = &r.description {
        role.description.clone_from(text);
    }
    if let Some(permissions) = &r.permissions {
        role.permissions.clone_from(permissions);
        role.permissions.sort_unstable();
        role.permissions.dedup();
    }
    if is_new {
        roles::insert(tx, &role).await?
    } else {
        roles::update(tx, &role).await?
    }
    Ok(())
}

/// Applies a line of a scheme. Its roles have names of their own on every site.
pub async fn scheme(site: &Site, tx: &mut Tx, names: &mut Names, s: &line::Scheme) -> Result<()> {
    let mut permissions = Permissions::new();
    let mut given = s.clone();
    for (built_in, place) in PLACES {
        if let Some(list) = place(&mut given).take().and_then(|role| role.permissions) {
            permissions.insert(built_in.to_owned(), list);
        }
    }
    let new = Scheme {
        name: text(&s.name).to_owned(),
        display_name: text(&s.display_name).to_owned(),
        description: text(&s.description).to_owned(),
        scope: text(&s.scope).to_owned(),
        ..Scheme::default()
    };
    let made = schemes::bring(site, tx, new, &permissions).await?;
    names.add_scheme(&made.scope, &made.name, &made.id);
    Ok(())
}
