//! Media over TCP: each packet behind its length in two bytes (RFC 4571).

use super::MediaError;
use super::udp::unmapped;
use mio::net::{TcpListener, TcpStream};
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

/// Largest packet taken; longer ones are no media.
const PACKET: usize = 4096;
/// Bytes that may wait for a slow receiver; packets beyond are lost, as on any network.
const BACKLOG: usize = 256 * 1024;
/// Bytes read from one connection in one go.
const CHUNK: usize = 16 * 1024;

/// Opens a listener.
///
/// # Errors
/// [`MediaError`].
pub fn listen(address: SocketAddr) -> Result<TcpListener, MediaError> {
    let failed = |source| MediaError::socket("TCP", address, source);
    TcpListener::bind(address).map_err(failed)
}

/// One participant's connection.
pub struct Connection {
    pub stream: TcpStream,
    pub remote: SocketAddr,
    pub own: IpAddr,
    pub since: Instant,
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
    pub readable: bool,
}

/// The connection is over.
#[derive(Debug)]
pub struct Gone;

impl Connection {
    pub fn new(now: Instant, stream: TcpStream, remote: SocketAddr) -> std::io::Result<Self> {
        stream.set_nodelay(true)?;
        let own = unmapped(stream.local_addr()?).ip();
        let remote = unmapped(remote);
        Ok(Self { stream, remote, own, since: now, incoming: Vec::new(), outgoing: Vec::new(), readable: true })
    }

    /// Reads some bytes and calls `take` with each complete packet.
    ///
    /// # Errors
    /// [`Gone`] when the other end closed or talks something else.
    pub fn receive(&mut self, mut take: impl FnMut(&[u8])) -> Result<(), Gone> {
        let start = self.incoming.len();
        self.incoming.resize(start + CHUNK, 0);
        let read = self.stream.read(&mut self.incoming[start..]);
        self.incoming.truncate(start + *read.as_ref().unwrap_or(&0));
        match read {
            Ok(0) => return Err(Gone),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.readable = false,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Err(Gone),
        }
        let used = split(&self.incoming, &mut take).ok_or(Gone)?;
        self.incoming.drain(..used);
        Ok(())
    }

    /// Sends a packet, or as much of the backlog as goes.
    ///
    /// # Errors
    /// [`Gone`] when the other end closed.
    pub fn send(&mut self, packet: &[u8]) -> Result<(), Gone> {
        if let Ok(length) = u16::try_from(packet.len())
            && self.outgoing.len() + packet.len() + 2 <= BACKLOG
        {
            self.outgoing.extend_from_slice(&length.to_be_bytes());
            self.outgoing.extend_from_slice(packet);
        }
        self.flush()
    }

    /// Sends what waits.
    ///
    /// # Errors
    /// [`Gone`] when the other end closed.
    pub fn flush(&mut self) -> Result<(), Gone> {
        let mut sent = 0;
        let result = loop {
            if sent == self.outgoing.len() {
                break Ok(());
            }
            match self.stream.write(&self.outgoing[sent..]) {
                Ok(0) => break Err(Gone),
                Ok(count) => sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break Err(Gone),
            }
        };
        self.outgoing.drain(..sent);
        result
    }
}

/// Hands out the complete packets at the start of `bytes`; returns how many bytes they take, or none when a length is
/// out of bounds.
fn split(bytes: &[u8], take: &mut impl FnMut(&[u8])) -> Option<usize> {
    let mut used = 0;
    while let Some(head) = bytes.get(used..used + 2) {
        let length = usize::from(u16::from_be_bytes([head[0], head[1]]));
        if length > PACKET {
            return None;
        }
        let Some(packet) = bytes.get(used + 2..used + 2 + length) else { break };
        take(packet);
        used += 2 + length;
    }
    Some(used)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn packets_are_found_wherever_the_stream_is_cut(
            packets in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 0..8),
            cut in 0usize..300,
        ) {
            let mut stream = Vec::new();
            for packet in &packets {
                stream.extend_from_slice(&u16::try_from(packet.len()).unwrap().to_be_bytes());
                stream.extend_from_slice(packet);
            }
            let cut = cut.min(stream.len());
            let mut found: Vec<Vec<u8>> = Vec::new();
            let used = split(&stream[..cut], &mut |p: &[u8]| found.push(p.to_vec())).unwrap();
            split(&stream[used..], &mut |p: &[u8]| found.push(p.to_vec())).unwrap();
            prop_assert_eq!(found, packets);
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let used = split(&bytes, &mut |_: &[u8]| {});
            prop_assert!(used.is_none_or(|used| used <= bytes.len()));
        }
    }
}
