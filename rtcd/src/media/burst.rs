//! Sending to many receivers with few system calls: packets for one receiver become one message that the kernel cuts
//! (UDP_SEGMENT), and up to [`BATCH`] messages for different receivers go into one sendmmsg.

use super::udp::Udp;
use crate::addresses::Plan;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, MultiHeaders, SockaddrStorage, sendmmsg};
use rtcd_sfu::Transmit;
use std::io::IoSlice;
use std::net::IpAddr;
use std::os::fd::AsRawFd;

/// Messages of one system call. More are no faster.
const BATCH: usize = 64;
/// Bytes of one message; an IP packet holds no more.
const MESSAGE: usize = 65_000;

/// Datagrams for one receiver: of equal size, but for a shorter last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Burst {
    begin: usize,
    end: usize,
    /// Size of the pieces; none for a single one.
    segment: Option<u16>,
}

/// Cuts datagrams into bursts of at most `segments`.
fn bursts(datagrams: &[Transmit], segments: usize) -> impl Iterator<Item = Burst> + '_ {
    let mut begin = 0;
    std::iter::from_fn(move || {
        let first = datagrams.get(begin)?;
        let size = first.contents.len();
        let most = segments.min(MESSAGE / size.max(1)).max(1);
        let same = |t: &&Transmit| (t.destination, t.source) == (first.destination, first.source);
        let rest = &datagrams[begin..datagrams.len().min(begin + most)];
        let equal = rest.iter().take_while(same).take_while(|t| t.contents.len() == size).count();
        let tail = rest.get(equal).filter(same).is_some_and(|t| t.contents.len() < size);
        let burst = Burst { begin, end: begin + equal + usize::from(tail), segment: None };
        begin = burst.end;
        let several = burst.end - burst.begin > 1;
        Some(Burst { segment: several.then_some(size as u16), ..burst })
    })
}

impl Udp {
    /// Sends datagrams. What the kernel does not take is lost, as on any network.
    pub fn send(&mut self, plan: &Plan, datagrams: &[Transmit]) {
        let segments = if self.cuts { self.segments() } else { 1 };
        let mut batch: Vec<Burst> = Vec::with_capacity(BATCH);
        let mut source = None;
        for burst in bursts(datagrams, segments) {
            let own = plan.own_for(datagrams[burst.begin].source.ip()).filter(|_| self.is_wildcard());
            let fits = batch.first().is_none_or(|first| (first.segment, source) == (burst.segment, own));
            if !fits || batch.len() == BATCH {
                self.send_batch(datagrams, &batch, source);
                batch.clear();
            }
            source = own;
            batch.push(burst);
        }
        self.send_batch(datagrams, &batch, source);
    }

    /// Sends bursts with the same segment size from the same own address.
    fn send_batch(&mut self, datagrams: &[Transmit], mut batch: &[Burst], source: Option<IpAddr>) {
        while let Some(first) = batch.first() {
            match self.try_batch(datagrams, batch, source) {
                Ok(sent) => batch = &batch[sent.max(1)..],
                // The system says that it cuts messages, and then its driver does not.
                Err(Errno::EIO | Errno::EINVAL) if first.segment.is_some() && self.cuts => {
                    tracing::info!("this system does not cut datagrams (UDP_SEGMENT); each is sent alone");
                    self.cuts = false;
                    let range = first.begin..batch.last().map_or(first.end, |last| last.end);
                    for at in range {
                        let single = Burst { begin: at, end: at + 1, segment: None };
                        if let Err(error) = self.try_batch(datagrams, &[single], source) {
                            tracing::trace!(%error, "sending");
                        }
                    }
                    return;
                }
                Err(Errno::EINTR) => {}
                Err(error) => {
                    tracing::trace!(%error, destination = %datagrams[first.begin].destination, "sending");
                    batch = &batch[1..];
                }
            }
        }
    }

    /// How many messages the kernel took.
    fn try_batch(&self, datagrams: &[Transmit], batch: &[Burst], source: Option<IpAddr>) -> Result<usize, Errno> {
        let pieces: Vec<Vec<IoSlice<'_>>> = batch
            .iter()
            .map(|b| datagrams[b.begin..b.end].iter().map(|t| IoSlice::new(&t.contents)).collect())
            .collect();
        let addresses: Vec<Option<SockaddrStorage>> =
            batch.iter().map(|b| Some(self.mapped(datagrams[b.begin].destination).into())).collect();
        let segment = batch.first().and_then(|b| b.segment).unwrap_or_default();
        let (v4, v6);
        let mut control = Vec::with_capacity(2);
        if segment > 0 {
            control.push(ControlMessage::UdpGsoSegments(&segment));
        }
        match source {
            Some(IpAddr::V4(ip)) if !self.is_v6() => {
                let spec_dst = libc::in_addr { s_addr: u32::from_ne_bytes(ip.octets()) };
                v4 = libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: spec_dst, ipi_addr: libc::in_addr { s_addr: 0 } };
                control.push(ControlMessage::Ipv4PacketInfo(&v4));
            }
            Some(ip) => {
                let octets = match ip {
                    IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
                    IpAddr::V6(ip) => ip.octets(),
                };
                v6 = libc::in6_pktinfo { ipi6_addr: libc::in6_addr { s6_addr: octets }, ipi6_ifindex: 0 };
                control.push(ControlMessage::Ipv6PacketInfo(&v6));
            }
            None => {}
        }
        // The room must be what the control messages fill: the kernel takes the rest for a broken one.
        let room = match (segment > 0, control.last()) {
            (true, Some(ControlMessage::Ipv4PacketInfo(_))) => Some(nix::cmsg_space!(u16, libc::in_pktinfo)),
            (true, Some(ControlMessage::Ipv6PacketInfo(_))) => Some(nix::cmsg_space!(u16, libc::in6_pktinfo)),
            (true, _) => Some(nix::cmsg_space!(u16)),
            (false, Some(ControlMessage::Ipv4PacketInfo(_))) => Some(nix::cmsg_space!(libc::in_pktinfo)),
            (false, Some(ControlMessage::Ipv6PacketInfo(_))) => Some(nix::cmsg_space!(libc::in6_pktinfo)),
            (false, _) => None,
        };
        let mut headers = MultiHeaders::<SockaddrStorage>::preallocate(batch.len(), room);
        let fd = self.socket.as_raw_fd();
        let sent = sendmmsg(fd, &mut headers, &pieces, addresses, control, MsgFlags::MSG_DONTWAIT)?;
        Ok(sent.count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtcd_sfu::Protocol;

    fn datagram(port: u16, size: usize) -> Transmit {
        Transmit {
            proto: Protocol::Udp,
            source: ([127, 0, 0, 1], 1).into(),
            destination: ([127, 0, 0, 1], port).into(),
            contents: vec![7; size].into(),
        }
    }

    #[test]
    fn equal_sizes_for_one_receiver_go_together_with_one_shorter_at_the_end() {
        let sizes = [(1, 100), (1, 100), (1, 60), (1, 60), (2, 60), (2, 90), (3, 90)];
        let datagrams: Vec<Transmit> = sizes.iter().map(|(port, size)| datagram(*port, *size)).collect();
        let cut = |segments| bursts(&datagrams, segments).map(|b| (b.begin, b.end, b.segment)).collect::<Vec<_>>();
        assert_eq!(cut(64), [(0, 3, Some(100)), (3, 4, None), (4, 5, None), (5, 6, None), (6, 7, None)]);
        assert_eq!(cut(1).len(), 7);
        let many: Vec<Transmit> = (0..200).map(|_| datagram(1, 1200)).collect();
        let lengths: Vec<usize> = bursts(&many, 64).map(|b| b.end - b.begin).collect();
        assert_eq!(lengths, [54, 54, 54, 38], "a message stays below what a packet holds");
    }

    #[test]
    fn everybody_gets_what_is_theirs_in_order() {
        let receivers: Vec<std::net::UdpSocket> =
            (0..100).map(|_| std::net::UdpSocket::bind("127.0.0.1:0").unwrap()).collect();
        let mut udp = Udp::open("127.0.0.1:0".parse().unwrap(), 1 << 20).unwrap();
        let plan = Plan::new("127.0.0.1", &crate::addresses::Override::None, &[]).unwrap();
        let mut datagrams = Vec::new();
        for (n, receiver) in receivers.iter().enumerate() {
            let port = receiver.local_addr().unwrap().port();
            datagrams.extend((0..1 + n % 4).map(|i| datagram(port, 500 - i)));
        }
        udp.send(&plan, &datagrams);
        for (n, receiver) in receivers.iter().enumerate() {
            receiver.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
            let mut buffer = [0; 2000];
            for i in 0..1 + n % 4 {
                assert_eq!(receiver.recv(&mut buffer).unwrap(), 500 - i);
            }
            receiver.set_nonblocking(true).unwrap();
            assert!(receiver.recv(&mut buffer).is_err(), "no more");
        }
    }
}
