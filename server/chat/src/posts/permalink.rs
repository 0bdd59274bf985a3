//! Links to other posts of this site, shown as what they lead to; to each reader only what that reader may read.

use super::{store, with_metadata};
use crate::roles::Permission;
use crate::{Actor, Result, Site, channels, teams};
use db::{Conn, Row, Sql, params};
use regex::Regex;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;
use wire::{Channel, Event, Post, PostMetadata};

/// Members of the channel `$1` who are in the channel `$2` too or, when that is public, in its team `$4` and no guests.
const READERS: Sql = Sql::new(
    "SELECT m.user_id FROM channel_members m WHERE m.channel_id = $1 AND (
       EXISTS (SELECT 1 FROM channel_members o WHERE o.channel_id = $2 AND o.user_id = m.user_id)
       OR ($3 AND EXISTS (SELECT 1 FROM team_members t JOIN users u ON u.id = t.user_id
                          WHERE t.team_id = $4 AND t.user_id = m.user_id AND t.delete_at = 0 AND t.scheme_guest = FALSE
                          AND u.roles NOT LIKE '%guest%')))",
);

/// The id of the first post that the message links to. Where the site's own address is not configured, every address that
/// looks like a link to a post counts: the id is one that nobody can guess.
fn linked<'a>(message: &'a str, site_url: &str) -> Option<&'a str> {
    static LINK: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(https?://[^\s<>()\[\]]*?)/[a-z0-9_-]+/pl/([a-z0-9]{26})\b")
            .expect("the pattern is constant and valid")
    });
    let mut links = LINK.captures_iter(message).filter_map(|c| Some((c.get(1)?.as_str(), c.get(2)?.as_str())));
    links.find(|(base, _)| site_url.is_empty() || *base == site_url).map(|(_, id)| id)
}

/// A post as its channel's readers see it, and where it is.
struct Target {
    post: Post,
    channel: Channel,
    embed: Value,
}

/// The live posts that these posts link to, by id.
async fn targets(site: &Site, conn: &mut Conn, posts: &[Post]) -> Result<HashMap<String, Target>> {
    let link = |p: &Post| linked(&p.message, &site.config().site_url).map(str::to_owned);
    let ids: Vec<String> = posts.iter().filter(|p| p.delete_at == 0).filter_map(link).collect();
    let mut out = HashMap::new();
    if ids.is_empty() {
        return Ok(out);
    }
    let mut found = store::by_ids(conn, &ids).await?;
    with_metadata(site, conn, &mut found).await?;
    for post in found {
        let Some(channel) = channels::get(conn, &post.channel_id).await? else { continue };
        let team = if channel.team_id.is_empty() { None } else { teams::get(conn, &channel.team_id).await? };
        let data = json!({
            "post_id": post.id, "post": post, "team_name": team.map(|t| t.name).unwrap_or_default(),
            "channel_display_name": channel.display_name, "channel_type": channel.kind, "channel_id": channel.id
        });
        let embed = json!({"type": "permalink", "url": "", "data": data});
        out.insert(post.id.clone(), Target { post, channel, embed });
    }
    Ok(out)
}

fn add(post: &mut Post, embed: Value) {
    post.metadata.get_or_insert_with(PostMetadata::default).embeds.push(embed);
}

/// Adds to each post what it links to, as far as the actor may read that.
///
/// # Errors
/// When the database fails.
pub async fn embed(site: &Site, conn: &mut Conn, actor: &Actor, posts: &mut [Post]) -> Result<()> {
    let targets = targets(site, conn, posts).await?;
    if targets.is_empty() {
        return Ok(());
    }
    let mut readable: HashMap<&str, bool> = HashMap::new();
    for target in targets.values() {
        let id = target.channel.id.as_str();
        if !readable.contains_key(id) {
            readable.insert(id, channels::access(conn, actor, id, Permission::READ_CHANNEL).await.is_ok());
        }
    }
    for post in posts {
        let target = linked(&post.message, &site.config().site_url).and_then(|id| targets.get(id));
        if let Some(target) = target.filter(|t| readable.get(t.post.channel_id.as_str()) == Some(&true)) {
            add(post, target.embed.clone());
        }
    }
    Ok(())
}

/// Lets an event of `post` show what the post links to, to those of its receivers who may read that.
///
/// # Errors
/// When the database fails.
pub(super) async fn show(site: &Site, conn: &mut Conn, event: Event, post: &Post) -> Result<Event> {
    let mut targets = targets(site, conn, std::slice::from_ref(post)).await?;
    let Some(target) = linked(&post.message, &site.config().site_url).and_then(|id| targets.remove(id)) else {
        return Ok(event);
    };
    let public = target.channel.kind == "O";
    let values = params![&post.channel_id, &target.channel.id, public, &target.channel.team_id];
    let readers: BTreeSet<String> = conn.fetch(&READERS, values, Row::only).await?.into_iter().collect();
    let mut shown = post.clone();
    add(&mut shown, target.embed);
    Ok(event.with_encoded_for(readers, "post", &shown))
}

#[cfg(test)]
mod tests {
    use super::linked;

    #[test]
    fn links_of_this_site_lead_to_posts() {
        let id = "abcdefghijklmnopqrstuvwxyz";
        let message =
            format!("see <https://other.example/t/pl/{id}> and [this](http://muster.example/sub/night-team/pl/{id}).");
        assert_eq!(linked(&message, "http://muster.example/sub"), Some(id));
        assert_eq!(linked(&message, "http://muster.example"), None);
        assert_eq!(linked(&message, ""), Some(id));
        assert_eq!(linked("http://a.example/t/pl/short", ""), None);
    }
}
