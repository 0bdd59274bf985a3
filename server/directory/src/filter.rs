//! Putting filters together (RFC 4515). Everything that comes from outside goes through [`escaped`].

/// A value as it stands in a filter: signs that mean something there are written as their number.
pub fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '*' | '(' | ')' | '\\' | '\0' => out.push_str(&format!("\\{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// Bytes as they stand in a filter. Ids that are no text (`objectGUID`) are kept in this form, as other servers keep them.
pub fn of_bytes(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("\\{b:02x}")).collect()
}

fn is_of_bytes(id: &str) -> bool {
    let hex = |pair: &[u8]| pair[0] == b'\\' && pair[1..].iter().all(u8::is_ascii_hexdigit);
    !id.is_empty() && id.len().is_multiple_of(3) && id.as_bytes().chunks(3).all(hex)
}

/// An id of [`of_bytes`] or of text, as it stands in a filter.
pub fn of_id(id: &str) -> String {
    if is_of_bytes(id) { id.to_owned() } else { escaped(id) }
}

/// Entries that `all` of the filters let through.
pub fn and(all: &[&str]) -> String {
    format!("(&{})", all.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_writes_a_filter_into_a_name() {
        assert_eq!(escaped("ana)(uid=*"), "ana\\29\\28uid=\\2a");
        assert_eq!(escaped("a\\b\0"), "a\\5cb\\00");
        assert_eq!(escaped("Zoë Müller"), "Zoë Müller");
        for name in ["*", "ana*", "(", ")", "\\", "x)(|(uid=*", "\u{0}", "ü)"] {
            let filter = and(&["(objectClass=person)", &format!("(uid={})", escaped(name))]);
            assert!(ldap3::parse_filter(&filter).is_ok(), "{filter}");
            assert_eq!(filter.matches('(').count(), 3, "{filter}");
        }
    }

    #[test]
    fn ids_are_text_or_bytes() {
        let id = of_bytes(&[0x61, 0x14, 0xe1]);
        assert_eq!(id, "\\61\\14\\e1");
        assert_eq!(of_id(&id), id);
        assert_eq!(of_id("3f2504e0-4f89"), "3f2504e0-4f89");
        assert_eq!(of_id("\\61)"), "\\5c61\\29");
    }
}
