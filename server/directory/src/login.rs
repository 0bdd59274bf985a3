//! What chat asks when somebody comes.

use crate::client::{self, Failure, Session};
use crate::{Directory, SERVICE, groups, people, store};
use chat::auth::Person;
use chat::{Error, Result, Site};
use futures::future::BoxFuture;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use wire::User;

impl Directory {
    /// A place among those who wait for the directory; without a free one the client tries again later.
    fn place(&self) -> Result<tokio::sync::SemaphorePermit<'_>> {
        let busy = |_| {
            let message = "Too many people log in at the moment; try again in a few seconds.";
            Error::unavailable("ent.ldap.do_login.unable_to_connect.app_error", message)
        };
        self.0.places.try_acquire().map_err(busy)
    }

    async fn groups_and_picture(&self, site: &Site, user: &User, person: &Person) -> anyhow::Result<()> {
        let config = &*self.config();
        let mut session = Session::open(config).await?;
        let linked = chat::groups::remote::all(&mut site.db.read().await?, SERVICE).await?;
        if !linked.is_empty() {
            let entry = session.entry(&person.entry, "(objectClass=*)", vec![config.login_attribute.clone()]).await?;
            let login = entry.map(|e| e.text(&config.login_attribute)).unwrap_or_default();
            let around = groups::around(&mut session, config, &person.entry, &login).await?;
            let is_in = |g: &&wire::Group| g.remote_id.as_ref().is_some_and(|id| around.contains(id));
            let wanted: BTreeSet<String> = linked.iter().filter(is_in).map(|g| g.id.clone()).collect();
            let mut tx = site.db.write().await?;
            chat::groups::remote::set_groups(site, &mut tx, SERVICE, &user.id, &wanted).await?;
            tx.commit().await?;
            chat::groups::settle(site, &user.id).await?;
        }
        if !config.picture_attribute.is_empty() {
            let wanted = vec![config.picture_attribute.clone()];
            let entry = session.entry(&person.entry, "(objectClass=*)", wanted).await?;
            let bytes = entry.and_then(|e| e.bytes(&config.picture_attribute).first().cloned()).unwrap_or_default();
            self.take_picture(site, user, bytes).await?;
        }
        Ok(())
    }

    /// A picture that the account has already is not made again.
    async fn take_picture(&self, site: &Site, user: &User, bytes: Vec<u8>) -> anyhow::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let hash = hex::encode(&Sha256::digest(&bytes)[..16]);
        if store::picture(&mut site.db.read().await?, &user.id).await? == hash {
            return Ok(());
        }
        chat::users::set_picture(site, &user.id, bytes).await?;
        let mut tx = site.db.write().await?;
        store::set_picture(&mut tx, &user.id, &hash).await?;
        Ok(tx.commit().await?)
    }
}

impl chat::auth::Directory for Directory {
    fn service(&self) -> &'static str {
        SERVICE
    }

    fn told(&self) -> Vec<(&'static str, String)> {
        let c = &*self.config();
        let set = |attribute: &str| (!attribute.is_empty()).to_string();
        vec![
            ("LdapLoginFieldName", c.login_field_name.clone()),
            ("LdapFirstNameAttributeSet", set(&c.first_name_attribute)),
            ("LdapLastNameAttributeSet", set(&c.last_name_attribute)),
            ("LdapNicknameAttributeSet", set(&c.nickname_attribute)),
            ("LdapPositionAttributeSet", set(&c.position_attribute)),
            ("LdapPictureAttributeSet", set(&c.picture_attribute)),
        ]
    }

    fn keeps(&self, field: &str) -> bool {
        let c = &*self.config();
        match field {
            "email" | "username" => true,
            "first_name" => !c.first_name_attribute.is_empty(),
            "last_name" => !c.last_name_attribute.is_empty(),
            "nickname" => !c.nickname_attribute.is_empty(),
            "position" => !c.position_attribute.is_empty(),
            _ => false,
        }
    }

    fn find<'a>(&'a self, login: &'a str) -> BoxFuture<'a, Result<Option<Person>>> {
        Box::pin(async move {
            let _place = self.place()?;
            let ask = async {
                let config = self.config();
                let mut session = Session::open(&config).await?;
                people::by_login(&mut session, &config, login).await
            };
            ask.await.map_err(|e: Failure| e.told())
        })
    }

    fn by_id<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Person>>> {
        Box::pin(async move {
            let _place = self.place()?;
            let ask = async {
                let config = self.config();
                let mut session = Session::open(&config).await?;
                people::by_id(&mut session, &config, id).await
            };
            ask.await.map_err(|e: Failure| e.told())
        })
    }

    fn proves<'a>(&'a self, person: &'a Person, password: &'a str) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let _place = self.place()?;
            client::proves(&self.config(), &person.entry, password).await.map_err(|e| e.told())
        })
    }

    fn admitted<'a>(&'a self, site: &'a Site, user: &'a User, person: &'a Person) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let Ok(_place) = self.place() else { return };
            if let Err(error) = self.groups_and_picture(site, user, person).await {
                tracing::warn!(user.id = %user.id, %error, "groups and picture wait for the next synchronisation");
            }
        })
    }
}
