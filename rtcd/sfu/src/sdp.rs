//! What str0m does not tell about a session description: whose stream an m-line carries; and the narrowing of offers.

/// One audio or video m-line of a participant's description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    pub mid: String,
    /// The participant sends on it.
    pub sends: bool,
    /// Id of the MediaStream its track is in, from `a=msid`.
    pub stream: Option<String>,
}

/// The audio and video m-lines of a description, in order.
pub(crate) fn sections(sdp: &str) -> Vec<Section> {
    split(sdp)
        .into_iter()
        .filter(|part| is_media(part))
        .filter_map(|part| {
            let find = |prefix: &str| part.iter().find_map(|line| line.strip_prefix(prefix));
            let mid = find("a=mid:")?.trim().to_owned();
            let rejected = part[0].split(' ').nth(1) == Some("0") && !part.contains(&"a=bundle-only");
            let sends = !rejected && !part.contains(&"a=recvonly") && !part.contains(&"a=inactive");
            let stream = find("a=msid:").and_then(|v| v.split(' ').next()).filter(|s| *s != "-").map(str::to_owned);
            Some(Section { mid, sends, stream })
        })
        .collect()
}

/// Makes an offer ask for no more than there is: on m-lines that nothing of ours is sent on (`ours` says which), a
/// `sendrecv` becomes `sendonly` and a `recvonly` becomes `inactive`, so that the answer promises no track. Candidates
/// are dropped: with ICE-lite the participant's own checks reveal its address.
pub(crate) fn narrow(sdp: &str, ours: impl Fn(&str) -> bool) -> String {
    let mut out = String::with_capacity(sdp.len());
    for part in split(sdp) {
        let mid = part.iter().find_map(|line| line.strip_prefix("a=mid:")).unwrap_or("").trim();
        let free = is_media(&part) && !ours(mid);
        let directed = part.iter().any(|l| matches!(*l, "a=sendrecv" | "a=sendonly" | "a=recvonly" | "a=inactive"));
        for line in &part {
            let line = match *line {
                "a=sendrecv" if free => "a=sendonly",
                "a=recvonly" if free => "a=inactive",
                candidate if candidate.starts_with("a=candidate:") => continue,
                other => other,
            };
            out.push_str(line);
            out.push_str("\r\n");
        }
        if free && !directed {
            out.push_str("a=sendonly\r\n");
        }
    }
    out
}

fn is_media(part: &[&str]) -> bool {
    part.first().is_some_and(|line| line.starts_with("m=audio ") || line.starts_with("m=video "))
}

/// The session part and then one part for each m-line.
fn split(sdp: &str) -> Vec<Vec<&str>> {
    let mut parts = vec![Vec::new()];
    for line in sdp.lines().map(str::trim_end).filter(|l| !l.is_empty()) {
        if line.starts_with("m=") {
            parts.push(Vec::new());
        }
        parts.last_mut().expect("because the list starts with one part").push(line);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OFFER: &str = "v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n\
        a=candidate:1 1 udp 1 0a-b.local 9 typ host\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\na=sendrecv\r\n\
        a=msid:stream-a track-a\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:x\r\na=recvonly\r\n";

    #[test]
    fn the_stream_of_each_sending_line_is_found() {
        let found = sections(OFFER);
        assert_eq!(found[0], Section { mid: "1".into(), sends: true, stream: Some("stream-a".into()) });
        assert!(!found[1].sends && found.len() == 2);
    }

    #[test]
    fn an_offer_is_narrowed_except_where_we_send() {
        let narrowed = narrow(OFFER, |mid| mid == "x");
        assert!(narrowed.contains("a=sendonly") && narrowed.contains("a=recvonly"), "{narrowed}");
        assert!(!narrowed.contains("a=sendrecv") && !narrowed.contains("a=candidate"), "{narrowed}");
        assert!(narrow(OFFER, |_| false).contains("a=inactive"));
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "([mav]=[a-z:0 ]{0,12}\r?\n){0,8}") {
            drop(sections(&text));
            drop(narrow(&text, |_| false));
        }
    }
}
