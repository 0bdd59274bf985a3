//! An OpenLDAP server of the test's own, on free ports of loopback.

use ldap3::{LdapConnAsync, Mod, drive};
use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = "/usr/sbin/slapd";
pub const BASE: &str = "dc=field,dc=example";
const ADMIN: &str = "cn=admin,dc=field,dc=example";
const PASSWORD: &str = "reader-secret";

/// A running server; it ends with this.
pub struct Slapd {
    child: Child,
    pub port: u16,
    pub tls_port: u16,
    folder: tempfile::TempDir,
}

impl Drop for Slapd {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Two that nothing listens on at the moment.
fn free_ports() -> [u16; 2] {
    let held = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}

/// A person of the LDIF; the password is the name and `-Pass-9`.
fn person(name: &str, more: &str) -> String {
    let capital = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
    format!(
        "dn: uid={name},ou=people,{BASE}\nobjectClass: inetOrgPerson\nuid: {name}\ncn: {capital} Field\nsn: Field\n\
         givenName: {capital}\nmail: {name}@field.example\nuserPassword: {name}-Pass-9\n{more}\n"
    )
}

pub fn dn(name: &str) -> String {
    format!("uid={name},ou=people,{BASE}")
}

fn ldif() -> String {
    let mut text = format!(
        "dn: {BASE}\nobjectClass: top\nobjectClass: dcObject\nobjectClass: organization\no: field\ndc: field\n\n\
         dn: ou=people,{BASE}\nobjectClass: organizationalUnit\nou: people\n\n"
    );
    text += &person("ana", "title: Director\n");
    text += &person("bruno", "title: Nurse\n");
    text += &person("carla", "title: Nurse\n");
    text += &person("dora", "title: Visitor\n");
    // Enough for several pages.
    for n in 1..=9 {
        text += &person(&format!("person{n}"), "");
    }
    for (name, members) in [("medics", vec![dn("ana"), format!("cn=night,{BASE}")]), ("night", vec![dn("bruno")])] {
        text += &format!("dn: cn={name},{BASE}\nobjectClass: groupOfNames\ncn: {name}\n");
        for member in members {
            text += &format!("member: {member}\n");
        }
        text.push('\n');
    }
    text
}

/// A certificate for `localhost` from an authority of its own; written to the folder.
fn certificates(folder: &Path) {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    for name in ["ca", "other"] {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let made = params.self_signed(&key).unwrap();
        write(&format!("{name}.pem"), made.pem());
        if name == "ca" {
            let issuer = Issuer::new(params, key);
            let own = KeyPair::generate().unwrap();
            let leaf = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&own, &issuer).unwrap();
            write("server.pem", leaf.pem());
            write("server.key", own.serialize_pem());
            let own = KeyPair::generate().unwrap();
            let leaf = CertificateParams::new(["chat.field".to_owned()]).unwrap().signed_by(&own, &issuer).unwrap();
            write("client.pem", leaf.pem());
            write("client.key", own.serialize_pem());
        }
    }
}

impl Slapd {
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// With more lines of configuration.
    pub fn start_with(more: &str) -> Self {
        assert!(
            Path::new(PROGRAM).exists(),
            "{PROGRAM} is not there: these tests need OpenLDAP's server (./muster test installs it; apt-get install slapd)"
        );
        let folder = tempfile::tempdir().unwrap();
        certificates(folder.path());
        let at = folder.path().display();
        let conf = format!(
            "include /etc/ldap/schema/core.schema\ninclude /etc/ldap/schema/cosine.schema\n\
             include /etc/ldap/schema/inetorgperson.schema\ninclude /etc/ldap/schema/nis.schema\n\
             modulepath /usr/lib/ldap\nmoduleload back_mdb\npidfile {at}/slapd.pid\n\
             TLSCACertificateFile {at}/ca.pem\nTLSCertificateFile {at}/server.pem\nTLSCertificateKeyFile {at}/server.key\n{more}\
             database mdb\nsuffix \"{BASE}\"\nrootdn \"{ADMIN}\"\nrootpw {PASSWORD}\ndirectory {at}/db\n\
             index objectClass,uid,mail,entryUUID eq\n\
             access to attrs=userPassword by anonymous auth by * none\naccess to * by * read\n"
        );
        std::fs::create_dir(folder.path().join("db")).unwrap();
        std::fs::write(folder.path().join("slapd.conf"), conf).unwrap();
        let conf = folder.path().join("slapd.conf");
        let mut add = Command::new(PROGRAM).args(["-Tadd", "-f"]).arg(&conf).stdin(Stdio::piped()).spawn().unwrap();
        add.stdin.take().unwrap().write_all(ldif().as_bytes()).unwrap();
        assert!(add.wait().unwrap().success(), "slapadd");
        let [port, tls_port] = free_ports();
        let mut child = Command::new(PROGRAM)
            .arg("-f")
            .arg(&conf)
            .args(["-h", &format!("ldap://127.0.0.1:{port} ldaps://127.0.0.1:{tls_port}"), "-d", "256"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        loop {
            match lines.next() {
                Some(Ok(line)) if line.contains("slapd starting") => break,
                Some(Ok(line)) => said += &format!("{line}\n"),
                _ => panic!("slapd did not start:\n{said}"),
            }
        }
        std::thread::spawn(move || lines.for_each(drop));
        // It says so before it listens.
        let deadline = Instant::now() + Duration::from_secs(20);
        for port in [port, tls_port] {
            while TcpStream::connect(("127.0.0.1", port)).is_err() {
                assert!(Instant::now() < deadline, "slapd does not listen on {port}");
                std::thread::yield_now();
            }
        }
        Self { child, port, tls_port, folder }
    }

    pub fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Settings of a server that reads it.
    pub fn config(&self) -> directory::Config {
        directory::Config {
            enabled: true,
            url: format!("ldap://127.0.0.1:{}", self.port),
            bind_dn: ADMIN.into(),
            bind_password: PASSWORD.into(),
            base_dn: BASE.into(),
            sync_minutes: 0,
            timeout_s: 5,
            page_size: 3,
            login_field_name: "Field name".into(),
            ..directory::Config::default()
        }
    }

    async fn admin(&self) -> ldap3::Ldap {
        let (conn, mut ldap) = LdapConnAsync::new(&format!("ldap://127.0.0.1:{}", self.port)).await.unwrap();
        drive!(conn);
        ldap.simple_bind(ADMIN, PASSWORD).await.unwrap().success().unwrap();
        ldap
    }

    pub async fn delete(&self, dn: &str) {
        self.admin().await.delete(dn).await.unwrap().success().unwrap();
    }

    /// Writes an entry again that was deleted.
    pub async fn add_person(&self, name: &str) {
        let one = |value: &str| HashSet::from([value.to_owned()]);
        let attributes = vec![
            ("objectClass".to_owned(), one("inetOrgPerson")),
            ("uid".to_owned(), one(name)),
            ("cn".to_owned(), one(name)),
            ("sn".to_owned(), one("Field")),
            ("mail".to_owned(), one(&format!("{name}@field.example"))),
            ("userPassword".to_owned(), one(&format!("{name}-Pass-9"))),
        ];
        self.admin().await.add(&dn(name), attributes).await.unwrap().success().unwrap();
    }

    pub async fn set(&self, dn: &str, attribute: &str, value: &str) {
        self.change(dn, Mod::Replace(attribute.to_owned(), HashSet::from([value.to_owned()]))).await;
    }

    /// Gives somebody a picture.
    pub async fn set_picture(&self, name: &str) {
        let mut jpeg = std::io::Cursor::new(Vec::new());
        let picture = image::DynamicImage::ImageRgb8(image::RgbImage::new(60, 40));
        picture.write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
        let change = Mod::Replace(b"jpegPhoto".to_vec(), HashSet::from([jpeg.into_inner()]));
        self.admin().await.modify(&dn(name), vec![change]).await.unwrap().success().unwrap();
    }

    /// Puts an entry into a group, or takes it out.
    pub async fn member(&self, group: &str, who: &str, is: bool) {
        let (attribute, values) = ("member".to_owned(), HashSet::from([who.to_owned()]));
        let change = if is { Mod::Add(attribute, values) } else { Mod::Delete(attribute, values) };
        self.change(&format!("cn={group},{BASE}"), change).await;
    }

    async fn change(&self, dn: &str, change: Mod<String>) {
        self.admin().await.modify(dn, vec![change]).await.unwrap().success().unwrap();
    }
}
