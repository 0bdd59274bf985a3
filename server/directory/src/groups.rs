//! Groups of the directory, and who is in them, groups inside groups included.

use crate::client::{Entry, Failure, Search, Session};
use crate::config::Config;
use crate::{filter, people};
use ldap3::Scope;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Attributes with the names of member entries.
const MEMBERS: [&str; 2] = ["member", "uniqueMember"];
/// Attribute with the login names of members.
const LOGINS: &str = "memberUid";
/// Groups around groups that are climbed at a login.
const MOST_LEVELS: usize = 10;
/// Entries asked about in one question.
const AT_ONCE: usize = 50;

/// A group of the directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    pub id: String,
    pub name: String,
    pub dn: String,
    /// Names of entries in [`plain`] spelling.
    members: Vec<String>,
    logins: Vec<String>,
}

/// One spelling of an entry's name: directories do not tell case and blanks around commas apart.
pub fn plain(dn: &str) -> String {
    dn.split(',').map(str::trim).collect::<Vec<_>>().join(",").to_lowercase()
}

fn search<'a>(c: &'a Config, filter: &'a str, attributes: Vec<String>) -> Search<'a> {
    Search {
        base: &c.base_dn,
        scope: Scope::Subtree,
        filter,
        attributes,
        most: c.max_groups,
        what: "groups",
        key: "max_groups",
    }
}

fn names(c: &Config) -> Vec<String> {
    vec![c.group_id_attribute.clone(), c.group_name_attribute.clone()]
}

fn group(c: &Config, entry: &Entry) -> Option<Group> {
    let (id, name) = (people::id_of(entry, &c.group_id_attribute), entry.text(&c.group_name_attribute));
    let whole = !id.is_empty() && !name.is_empty();
    whole.then(|| Group { id, name, dn: entry.dn.clone(), ..Group::default() })
}

/// Groups with a part of a name, by name, without their members.
///
/// # Errors
/// When the directory does not answer as it should.
pub async fn named(session: &mut Session, c: &Config, term: &str) -> Result<Vec<Group>, Failure> {
    let part = match term.trim() {
        "" => String::new(),
        term => format!("({}=*{}*)", c.group_name_attribute, filter::escaped(term)),
    };
    let found = session.all(search(c, &filter::and(&[&c.group_filter, &part]), names(c))).await?;
    let mut groups: Vec<Group> = found.iter().filter_map(|e| group(c, e)).collect();
    groups.sort_by(|a, b| (a.name.to_lowercase(), &a.id).cmp(&(b.name.to_lowercase(), &b.id)));
    Ok(groups)
}

/// The group with this id, without its members.
///
/// # Errors
/// When the directory does not answer as it should.
pub async fn by_id(session: &mut Session, c: &Config, id: &str) -> Result<Option<Group>, Failure> {
    let wanted = format!("({}={})", c.group_id_attribute, filter::of_id(id));
    let found = session.all(search(c, &filter::and(&[&c.group_filter, &wanted]), names(c))).await?;
    Ok(found.iter().find_map(|e| group(c, e)))
}

/// Every group with its members.
///
/// # Errors
/// When the directory does not answer as it should, or has more than is taken.
pub async fn with_members(session: &mut Session, c: &Config) -> Result<Vec<Group>, Failure> {
    let mut wanted = names(c);
    wanted.extend(MEMBERS.map(String::from));
    wanted.push(LOGINS.into());
    let found = session.all(search(c, &c.group_filter, wanted)).await?;
    let mut groups = Vec::new();
    let mut count = 0;
    for entry in found {
        let Some(mut group) = group(c, &entry) else { continue };
        for attribute in MEMBERS {
            group.members.extend(members(session, c, &entry, attribute).await?.iter().map(|dn| plain(dn)));
        }
        group.logins = entry.texts(LOGINS).iter().map(|l| l.to_lowercase()).collect();
        count += group.members.len() + group.logins.len();
        if count > c.max_group_members {
            let most = c.max_group_members;
            return Err(Failure::TooMany { most, what: "members of groups", key: "max_group_members" });
        }
        groups.push(group);
    }
    Ok(groups)
}

/// All values of an attribute that Active Directory gives in parts when they are many.
async fn members(session: &mut Session, c: &Config, entry: &Entry, attribute: &str) -> Result<Vec<String>, Failure> {
    let mut all = entry.texts(attribute);
    let mut part = entry.part(attribute).map(|(key, next)| (entry.texts(key), next));
    // The last part ends with a star, which `part` takes for none.
    while let Some((values, next)) = part.take() {
        all.extend(values);
        if all.len() > c.max_group_members {
            let most = c.max_group_members;
            return Err(Failure::TooMany { most, what: "members of groups", key: "max_group_members" });
        }
        let wanted = format!("{attribute};range={next}-*");
        let Some(more) = session.entry(&entry.dn, "(objectClass=*)", vec![wanted]).await? else { break };
        part = more.part(attribute).map(|(key, next)| (more.texts(key), next));
        if part.is_none() {
            all.extend(more.texts(&format!("{attribute};range={next}-*")));
        }
    }
    Ok(all)
}

/// Who is in the group, by the ids of accounts. `by_entry` and `by_login` say whose entry and login name it is.
pub fn resolve(
    group: &Group,
    all: &HashMap<String, &Group>,
    by_entry: &HashMap<String, String>,
    by_login: &HashMap<String, String>,
) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::from([plain(&group.dn)]);
    let mut waiting = vec![group];
    while let Some(group) = waiting.pop() {
        found.extend(group.logins.iter().filter_map(|login| by_login.get(login).cloned()));
        for member in &group.members {
            if let Some(id) = by_entry.get(member) {
                found.insert(id.clone());
            } else if let Some(inner) = all.get(member).filter(|_| seen.insert(member.clone())) {
                waiting.push(inner);
            }
        }
    }
    found
}

/// Ids of all groups around an entry, near and far.
///
/// # Errors
/// When the directory does not answer as it should.
pub async fn around(session: &mut Session, c: &Config, dn: &str, login: &str) -> Result<BTreeSet<String>, Failure> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut next = vec![dn.to_owned()];
    for level in 0..MOST_LEVELS {
        let mut new = Vec::new();
        for some in next.chunks(AT_ONCE) {
            let mut any = String::new();
            for dn in some {
                any.extend(MEMBERS.map(|attribute| format!("({attribute}={})", filter::escaped(dn))));
            }
            if level == 0 && !login.is_empty() {
                any.push_str(&format!("({LOGINS}={})", filter::escaped(login)));
            }
            let filter = filter::and(&[&c.group_filter, &format!("(|{any})")]);
            for entry in session.all(search(c, &filter, names(c))).await? {
                let Some(group) = group(c, &entry) else { continue };
                if found.insert(group.id, group.dn.clone()).is_none() {
                    new.push(group.dn);
                }
            }
        }
        next = new;
        if next.is_empty() {
            break;
        }
    }
    Ok(found.into_keys().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_inside_groups_and_in_circles() {
        let of = |dn: &str, members: &[&str], logins: &[&str]| Group {
            id: dn.into(),
            dn: dn.into(),
            members: members.iter().map(|m| plain(m)).collect(),
            logins: logins.iter().map(|l| (*l).into()).collect(),
            ..Group::default()
        };
        let outer = of("cn=Outer, dc=x", &["cn=inner,dc=x", "uid=ana,dc=x"], &[]);
        let inner = of("cn=inner,dc=x", &["UID=Bruno, DC=x", "cn=outer,dc=x", "uid=gone,dc=x"], &["carla"]);
        let all = HashMap::from([(plain(&outer.dn), &outer), (plain(&inner.dn), &inner)]);
        let entries = [("uid=ana,dc=x", "a"), ("uid=bruno,dc=x", "b")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let logins = HashMap::from([("carla".to_owned(), "c".to_owned())]);
        let found = resolve(&outer, &all, &HashMap::from(entries), &logins);
        assert_eq!(found.into_iter().collect::<String>(), "abc");
    }
}
