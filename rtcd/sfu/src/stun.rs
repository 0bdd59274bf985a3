//! The one thing routing needs from a STUN message: for whom it is.

const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const USERNAME: u16 = 0x0006;

/// The receiver's user fragment (before the colon of USERNAME) in a STUN message, or none when it is something else.
pub(crate) fn receiver_ufrag(datagram: &[u8]) -> Option<&str> {
    if datagram.len() < 20 || datagram[0] > 3 || datagram[4..8] != MAGIC_COOKIE {
        return None;
    }
    let mut rest = &datagram[20..];
    while rest.len() >= 4 {
        let kind = u16::from_be_bytes([rest[0], rest[1]]);
        let length = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        let value = rest.get(4..4 + length)?;
        if kind == USERNAME {
            return std::str::from_utf8(value).ok()?.split(':').next();
        }
        rest = rest.get(4 + length.next_multiple_of(4)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_part_before_the_colon_is_the_receivers() {
        let mut message = vec![0, 1, 0, 20, 0x21, 0x12, 0xa4, 0x42];
        message.extend([0u8; 12]);
        message.extend([0x80, 0x22, 0, 3, b'a', b'b', b'c', 0]);
        message.extend([0, 6, 0, 7]);
        message.extend(b"srv:cli\0");
        assert_eq!(receiver_ufrag(&message), Some("srv"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(tail in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut message = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
            message.extend(&tail);
            for bytes in [&message, &tail] {
                prop_assert!(receiver_ufrag(bytes).is_none_or(|ufrag| ufrag.len() <= bytes.len()));
            }
        }
    }
}
