//! People and bots with what they chose and where they are, and direct channels.

use super::super::line::{self, Line};
use super::super::people::settings_of;
use super::super::reading::{self as read, ChannelMembership, User};
use super::{Export, given};
use chat::{Result, portraits};
use db::Conn;
use std::collections::HashSet;

fn roles(scope: &str, explicit: &str, guest: bool, user: bool, admin: bool) -> Option<String> {
    let built_in = [("guest", guest), ("user", user), ("admin", admin)];
    let built_in = built_in.into_iter().filter(|(_, has)| *has).map(|(name, _)| format!("{scope}_{name}"));
    Some(explicit.split_whitespace().map(str::to_owned).chain(built_in).collect::<Vec<_>>().join(" "))
}

fn texts(json: &serde_json::Value, names: &[(&str, &str)]) -> line::Texts {
    let rename = |key: &str| names.iter().find(|(ours, _)| *ours == key).map_or(key, |(_, theirs)| theirs).to_owned();
    let object = json.as_object().into_iter().flatten();
    object.filter_map(|(k, v)| v.as_str().map(|v| (rename(k), v.to_owned()))).collect()
}

impl Export<'_> {
    pub(super) async fn people(&mut self, view: &mut Conn) -> Result<()> {
        let mut after = String::new();
        loop {
            let page = read::users(view, &after).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.username);
            for user in &page {
                let line = self.user(view, user).await?;
                self.line("user", Line { user: Some(line), ..Line::default() }).await?;
            }
        }
        let (bots, details) = read::bots(view).await?;
        for b in bots {
            let detail = details.iter().find(|d| d.username == b.username);
            let profile_image = self.picture(&b.id, b.picture);
            let bot = line::Bot {
                username: Some(b.username),
                display_name: Some(b.first_name),
                description: detail.map(|d| d.description.clone()),
                owner: detail.and_then(|d| d.owner.clone()),
                delete_at: Some(b.delete_at),
                profile_image,
            };
            self.line("bot", Line { bot: Some(bot), ..Line::default() }).await?;
        }
        Ok(())
    }

    /// The path in the archive of a picture that was set `at`.
    fn picture(&mut self, id: &str, at: i64) -> Option<String> {
        if at == 0 || !self.wanted.profile_pictures {
            return None;
        }
        let inside = format!("profile_pictures/{id}.png");
        self.files.push((format!("data/{inside}"), portraits::path(id, at)));
        Some(inside)
    }

    async fn user(&mut self, view: &mut Conn, u: &User) -> Result<line::User> {
        let preferences = read::preferences(view, &u.id).await?;
        let find = |category: &str, name: &str| {
            preferences.iter().find(|p| p.category == category && p.name == name).map(|p| p.value.clone())
        };
        let favourites: HashSet<&str> = preferences
            .iter()
            .filter(|p| p.category == chat::sidebar::FAVOURITE && p.value == "true")
            .map(|p| p.name.as_str())
            .collect();
        let mut teams: Vec<line::UserTeam> = Vec::new();
        for m in read::memberships(view, &u.id).await? {
            teams.push(line::UserTeam {
                roles: roles("team", &m.roles, m.guest, m.user, m.admin),
                name: Some(m.team),
                theme: None,
                channels: Some(Vec::new()),
            });
        }
        for m in read::channel_memberships(view, &u.id, self.wanted.archived_channels).await? {
            let live = self.live(view, &m.channel_id).await?;
            let channel = channel_of(&m, live, favourites.contains(m.channel_id.as_str()));
            let team = teams.iter_mut().find(|t| t.name.as_deref() == Some(&m.team));
            if let Some(channels) = team.and_then(|t| t.channels.as_mut()) {
                channels.push(channel);
            }
        }
        let status = u.props.get("customStatus").and_then(|s| s.as_str()).filter(|s| !s.is_empty());
        let mut line = line::User {
            username: Some(u.username.clone()),
            email: Some(u.email.clone()),
            auth_service: given(&u.auth_service),
            auth_data: given(&u.auth_data),
            nickname: Some(u.nickname.clone()),
            first_name: Some(u.first_name.clone()),
            last_name: Some(u.last_name.clone()),
            position: Some(u.position.clone()),
            roles: Some(u.roles.clone()),
            locale: Some(u.locale.clone()),
            delete_at: Some(u.delete_at),
            tutorial_step: find("tutorial_step", &u.id),
            profile_image: self.picture(&u.id, u.picture),
            custom_status: status.and_then(|s| serde_json::from_str(s).ok()),
            notify_props: Some(texts(&u.notify_props, &[("push", "mobile"), ("push_status", "mobile_push_status")])),
            teams: Some(teams),
            ..line::User::default()
        };
        settings_of(&mut line, find);
        Ok(line)
    }

    pub(super) async fn direct(
        &mut self,
        view: &mut Conn,
        channel: &read::Channel,
        members: Vec<read::Member>,
        names: Vec<String>,
    ) -> Result<()> {
        let (live, live_root) = self.live(view, &channel.id).await?;
        let (category, of): (_, Vec<String>) = if channel.kind == "G" {
            ("group_channel_show", vec![channel.id.clone()])
        } else {
            ("direct_channel_show", members.iter().map(|m| m.id.clone()).collect())
        };
        let mut shown: Vec<String> =
            read::preferring(view, category, &of, &names).await?.into_iter().map(|p| p.name).collect();
        shown.dedup();
        let favoured =
            read::preferring(view, chat::sidebar::FAVOURITE, std::slice::from_ref(&channel.id), &names).await?;
        let participant = |m: read::Member| line::Participant {
            username: Some(m.username),
            last_viewed_at: Some(m.last_viewed_at),
            msg_count: Some((live - m.unread).max(0)),
            msg_count_root: Some((live_root - m.unread_root).max(0)),
            mention_count: Some(m.mentions),
            mention_count_root: Some(m.mentions_root),
            notify_props: None,
        };
        let direct = line::DirectChannel {
            members: Some(names),
            participants: Some(members.into_iter().map(participant).collect()),
            favorited_by: Some(favoured.into_iter().map(|p| p.name).collect()),
            shown_by: Some(shown),
            header: Some(channel.header.clone()),
        };
        self.line("direct_channel", Line { direct_channel: Some(direct), ..Line::default() }).await
    }
}

fn channel_of(m: &ChannelMembership, (live, live_root): (i64, i64), favourite: bool) -> line::UserChannel {
    line::UserChannel {
        name: Some(m.channel.clone()),
        roles: roles("channel", &m.roles, m.guest, m.user, m.admin),
        notify_props: Some(texts(&m.notify_props, &[("push", "mobile")])),
        favorite: Some(favourite),
        mention_count: Some(m.mention_count),
        mention_count_root: Some(m.mention_count_root),
        urgent_mention_count: Some(m.urgent),
        msg_count: Some((live - m.unread).max(0)),
        msg_count_root: Some((live_root - m.unread_root).max(0)),
        last_viewed_at: Some(m.last_viewed_at),
    }
}
