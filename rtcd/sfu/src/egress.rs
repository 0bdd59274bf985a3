//! Sound on the short way: sealed and sent without passing through str0m.
//!
//! str0m looks at every stream of a participant for every packet, which costs more than the system call that sends it
//! once a call is large. Sound needs nothing of that: it is never sent again and never paced. So one packet in
//! [`EVERY`] goes through str0m, which keeps its sender reports true and shows what a header to this participant looks
//! like; the packets between are that header with other numbers, sealed with the same key. Sequence numbers are ours in
//! both cases and never used twice, as AES-GCM demands (RFC 7714 section 8.1).

use crate::cipher::{Sealed, TAG};
use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce};
use std::net::SocketAddr;
use std::sync::Arc;
use str0m::net::{Protocol, Transmit};
use str0m::rtp::{Extension, ExtensionMap};

/// One packet in this many passes through str0m: about once a second.
const EVERY: u32 = 50;
/// Length of a header without contributing sources and extensions (RFC 3550 section 5.1).
const FIXED: usize = 12;

/// Where datagrams to a participant go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub proto: Protocol,
    pub source: SocketAddr,
    pub destination: SocketAddr,
    /// [`crate::peer::Peer::moves`] when this was learnt.
    pub moves: u32,
}

/// How to send to one receiver of one track.
pub(crate) struct ShortWay {
    key: Arc<LessSafeKey>,
    salt: [u8; 12],
    header: Vec<u8>,
    /// Where the byte of the audio level is.
    level: Option<usize>,
    /// Packets until str0m's next turn.
    left: u32,
    route: Route,
}

impl ShortWay {
    /// From a packet with this (extended) sequence number that str0m has sealed, and where it went. `turn` spreads the
    /// turns of str0m over the receivers. None when the header has something in it that changes from packet to packet
    /// and is not known here.
    pub fn learn(sealed: Sealed, sequence: u64, extensions: &ExtensionMap, route: Route, turn: usize) -> Option<Self> {
        let Sealed { key, iv, mut header } = sealed;
        let level = adapt(&mut header, extensions)?;
        let ssrc = header[8..FIXED].try_into().ok()?;
        // The vector of the sealed packet without its numbers is the salt.
        let salt = vector(&iv, ssrc, sequence);
        let left = EVERY / 2 + (turn as u32 % (EVERY / 2));
        Some(Self { key, salt, header, level, left, route })
    }

    /// Whether the next packet may go this way; `moves` as of now.
    pub fn is_open(&self, moves: u32) -> bool {
        self.left > 0 && self.route.moves == moves
    }

    /// The datagram of a packet; none when it cannot be sealed (it is longer than AES-GCM allows).
    pub fn seal(
        &mut self,
        sequence: u64,
        time: u32,
        marker: bool,
        level: Option<u8>,
        payload: &[u8],
    ) -> Option<Transmit> {
        self.left -= 1;
        let length = self.header.len();
        let mut datagram = Vec::with_capacity(length + payload.len() + TAG);
        datagram.extend_from_slice(&self.header);
        datagram[1] = (datagram[1] & 0x7f) | (u8::from(marker) << 7);
        datagram[2..4].copy_from_slice(&(sequence as u16).to_be_bytes());
        datagram[4..8].copy_from_slice(&time.to_be_bytes());
        if let Some(at) = self.level {
            // RFC 6464; without a level: silence, and no voice.
            datagram[at] = level.unwrap_or(127);
        }
        let ssrc = datagram[8..FIXED].try_into().ok()?;
        datagram.extend_from_slice(payload);
        let nonce = Nonce::assume_unique_for_key(vector(&self.salt, ssrc, sequence));
        let (header, body) = datagram.split_at_mut(length);
        let tag = self.key.seal_in_place_separate_tag(nonce, Aad::from(&*header), body).ok()?;
        datagram.extend_from_slice(tag.as_ref());
        Some(Transmit {
            proto: self.route.proto,
            source: self.route.source,
            destination: self.route.destination,
            contents: datagram.into(),
        })
    }
}

/// `base` with the numbers of a packet in it (RFC 7714 section 8.1): two zero bytes, SSRC, roll-over counter, sequence
/// number. Doing it twice undoes it.
fn vector(base: &[u8; 12], ssrc: [u8; 4], sequence: u64) -> [u8; 12] {
    let mut out = *base;
    let index = sequence.to_be_bytes();
    for (byte, number) in out[2..].iter_mut().zip(ssrc.iter().chain(&index[2..])) {
        *byte ^= number;
    }
    out
}

/// Makes a header fit for every packet of its stream, and finds its audio level. The numbers for transport-wide
/// feedback become padding: they would have to count every packet of the connection.
fn adapt(header: &mut [u8], extensions: &ExtensionMap) -> Option<Option<usize>> {
    let has_sources = header[0] & 0x0f != 0;
    if header[0] & 0x10 == 0 {
        return (!has_sources).then_some(None);
    }
    // RFC 8285: one-byte elements.
    if has_sources || header.get(FIXED..FIXED + 2)? != [0xbe, 0xde] {
        return None;
    }
    let (mut at, mut level) = (FIXED + 4, None);
    while let Some(first) = header.get(at).copied() {
        if first == 0 {
            at += 1;
            continue;
        }
        let (id, end) = (first >> 4, at + 2 + usize::from(first & 0x0f));
        let element = header.get_mut(at..end)?;
        match extensions.lookup(id)? {
            Extension::AudioLevel => level = Some(at + 1),
            Extension::TransportSequenceNumber => element.fill(0),
            Extension::RtpMid | Extension::RtpStreamId => {}
            _ => return None,
        }
        at = end;
    }
    Some(level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn extensions() -> ExtensionMap {
        let mut map = ExtensionMap::empty();
        map.set(1, Extension::AudioLevel);
        map.set(3, Extension::TransportSequenceNumber);
        map.set(4, Extension::RtpMid);
        map.set(5, Extension::AbsoluteSendTime);
        map
    }

    fn header(elements: &[u8]) -> Vec<u8> {
        let words = elements.len().div_ceil(4);
        let mut header = vec![0x90, 111, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xbe, 0xde, 0, words as u8];
        header.extend_from_slice(elements);
        header.resize(16 + words * 4, 0);
        header
    }

    #[test]
    fn a_header_becomes_a_pattern() {
        let mut plain = vec![0x80, 111, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
        assert_eq!(adapt(&mut plain, &extensions()), Some(None));
        let mut full = header(&[0x31, 9, 9, 0x10, 0x85, 0x40, b'0']);
        assert_eq!(adapt(&mut full, &extensions()), Some(Some(20)));
        assert_eq!(full[16..], [0, 0, 0, 0x10, 0x85, 0x40, b'0', 0], "the transport-wide number is padding");
        assert_eq!(adapt(&mut header(&[0x52, 1, 2, 3]), &extensions()), None, "a send time cannot be repeated");
        assert_eq!(adapt(&mut header(&[0x1f, 0]), &extensions()), None, "an element longer than the header");
    }

    proptest! {
        #[test]
        fn a_vector_gives_its_salt_back(salt: [u8; 12], ssrc: [u8; 4], sequence in 0u64..1 << 48, other in 0u64..1 << 48) {
            let iv = vector(&salt, ssrc, sequence);
            prop_assert_eq!(vector(&iv, ssrc, sequence), salt);
            prop_assert_eq!(iv == vector(&salt, ssrc, other), sequence == other, "a vector is used once");
        }

        #[test]
        fn any_header_is_adapted_or_refused(mut bytes in proptest::collection::vec(any::<u8>(), 12..80)) {
            let length = bytes.len();
            if let Some(Some(at)) = adapt(&mut bytes, &extensions()) {
                prop_assert!(at < length);
            }
        }
    }
}
