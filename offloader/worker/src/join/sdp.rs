//! Which m-line of a session description carries whose track. The sender and the kind are in the track id,
//! `<type>_<session>_<random>`, which `a=msid:<stream> <track>` names.

use super::{TrackKind, TrackName};

/// Reads a track id; `None` when it is not of the server's form.
pub fn parse_track_id(id: &str) -> Option<TrackName> {
    let mut parts = id.split('_');
    let (kind, session, random) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || session.is_empty() || random.is_empty() {
        return None;
    }
    let kind = match kind {
        "voice" => TrackKind::Voice,
        "screen" => TrackKind::Screen,
        "screen-audio" => TrackKind::ScreenAudio,
        "video" => TrackKind::Video,
        _ => return None,
    };
    Some(TrackName { kind, session: session.to_owned(), id: id.to_owned() })
}

/// The tracks that a description sends, by the mid of their m-line.
pub fn tracks(sdp: &str) -> Vec<(String, TrackName)> {
    let mut found = vec![];
    for section in sections(sdp) {
        let attribute = |name: &str| section.iter().find_map(|l| l.strip_prefix(name));
        let sends = !section.iter().any(|l| matches!(*l, "a=recvonly" | "a=inactive"));
        let stopped = section.first().is_some_and(|m| m.split(' ').nth(1) == Some("0"));
        let (Some(mid), true, false) = (attribute("a=mid:"), sends, stopped) else { continue };
        let named = section.iter().filter_map(|line| {
            let msid = line
                .strip_prefix("a=msid:")
                .or_else(|| line.strip_prefix("a=ssrc:")?.split_once(" msid:").map(|s| s.1))?;
            parse_track_id(msid.split(' ').nth(1)?)
        });
        if let Some(track) = named.into_iter().next() {
            found.push((mid.to_owned(), track));
        }
    }
    found
}

/// The m-sections with their first line.
fn sections(sdp: &str) -> Vec<Vec<&str>> {
    let mut sections: Vec<Vec<&str>> = vec![];
    for line in sdp.lines().map(str::trim_end) {
        if line.starts_with("m=") {
            sections.push(vec![line]);
        } else if let Some(section) = sections.last_mut() {
            section.push(line);
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_name_kind_and_sender() {
        let track = parse_track_id("screen-audio_s1_AbC-12.x").unwrap();
        assert_eq!((track.kind, track.session.as_str()), (TrackKind::ScreenAudio, "s1"));
        for bad in ["voice_s1", "voice__r", "music_s1_r", "voice_s1_r_more", ""] {
            assert_eq!(parse_track_id(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_sending_lines_count() {
        let sdp = "v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n\
            m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\na=sendonly\r\na=msid:s1 voice_s1_aaaaaaaa\r\n\
            m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\na=sendrecv\r\na=ssrc:5 cname:x\r\na=ssrc:5 msid:s2 screen_s2_bbbbbbbb\r\n\
            m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:3\r\na=inactive\r\na=msid:s3 voice_s3_cccccccc\r\n\
            m=audio 0 UDP/TLS/RTP/SAVPF 111\r\na=mid:4\r\na=msid:s4 voice_s4_dddddddd\r\n\
            m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:5\r\na=recvonly\r\n";
        let found: Vec<_> = tracks(sdp).into_iter().map(|(mid, t)| (mid, t.kind, t.session)).collect();
        assert_eq!(
            found,
            [("1".into(), TrackKind::Voice, "s1".into()), ("2".into(), TrackKind::Screen, "s2".to_owned())]
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "(m=audio 9|a=mid:1|a=msid:a b|\r\n|\\PC){0,60}") {
            drop(tracks(&text));
        }
    }
}
