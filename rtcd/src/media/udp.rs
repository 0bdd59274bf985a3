//! UDP sockets: datagrams come in batches with the address they were sent to (`quinn-udp` knows the system's ways); how
//! they go out is in [`super::burst`].

use super::MediaError;
use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSockRef, UdpSocketState};
use socket2::{Domain, Protocol, Socket, Type};
use std::io::IoSliceMut;
use std::net::{IpAddr, SocketAddr};

/// Largest datagram that is read; SRTP stays far below.
const DATAGRAM: usize = 2048;
/// Segments that the kernel may hand over as one.
const SEGMENTS: usize = 64;

/// One socket, on one address or on all.
pub struct Udp {
    pub socket: mio::net::UdpSocket,
    state: UdpSocketState,
    port: u16,
    bound: IpAddr,
    buffers: Vec<Vec<u8>>,
    metas: Vec<RecvMeta>,
    /// The system cuts messages into datagrams (UDP_SEGMENT).
    pub cuts: bool,
    /// Whether the kernel may have more to read.
    pub readable: bool,
}

impl Udp {
    pub fn open(address: SocketAddr, buffer: usize) -> Result<Self, MediaError> {
        let failed = |source| MediaError::socket("UDP", address, source);
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP)).map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        if address.is_ipv6() {
            socket.set_only_v6(false).map_err(failed)?;
        }
        socket.bind(&address.into()).map_err(failed)?;
        for set in [Socket::set_recv_buffer_size, Socket::set_send_buffer_size] {
            if let Err(error) = set(&socket, buffer) {
                tracing::debug!(%error, "the system did not grant the buffer size");
            }
        }
        let socket: std::net::UdpSocket = socket.into();
        let port = socket.local_addr().map_err(failed)?.port();
        let state = UdpSocketState::new(UdpSockRef::from(&socket)).map_err(failed)?;
        let size = DATAGRAM * state.gro_segments().clamp(1, SEGMENTS);
        Ok(Self {
            socket: mio::net::UdpSocket::from_std(socket),
            state,
            port,
            bound: address.ip(),
            buffers: vec![vec![0; size]; BATCH_SIZE],
            metas: vec![RecvMeta::default(); BATCH_SIZE],
            cuts: true,
            readable: true,
        })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Reads one batch: calls `take` with source, own address and datagram. Clears `readable` at the end of the input.
    pub fn receive(&mut self, mut take: impl FnMut(SocketAddr, IpAddr, &[u8])) {
        let mut slices: Vec<IoSliceMut<'_>> = self.buffers.iter_mut().map(|b| IoSliceMut::new(b)).collect();
        let count = match self.state.recv(UdpSockRef::from(&self.socket), &mut slices, &mut self.metas) {
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                self.readable = false;
                return;
            }
            // What an earlier datagram caused (port unreachable) is reported here and means nothing for the next.
            Err(error) => {
                tracing::trace!(%error, "receiving");
                return;
            }
        };
        for (buffer, meta) in self.buffers.iter().zip(&self.metas).take(count) {
            let own = meta.dst_ip.unwrap_or(self.bound);
            for datagram in buffer[..meta.len].chunks(meta.stride.max(1)) {
                take(unmapped(meta.addr), own.to_canonical(), datagram);
            }
        }
    }

    /// Whether datagrams from this own address leave by this socket.
    pub fn serves(&self, own: Option<IpAddr>) -> bool {
        self.bound.is_unspecified() || own == Some(self.bound)
    }

    /// Datagrams that the kernel may be given as one.
    pub fn segments(&self) -> usize {
        self.state.max_gso_segments().clamp(1, SEGMENTS)
    }

    /// Whether datagrams may leave from any address of this machine.
    pub fn is_wildcard(&self) -> bool {
        self.bound.is_unspecified()
    }

    /// Whether it is a socket of IPv6, which may carry IPv4 as well.
    pub fn is_v6(&self) -> bool {
        self.bound.is_ipv6()
    }

    /// The address as a socket for both families wants it.
    pub fn mapped(&self, address: SocketAddr) -> SocketAddr {
        match (self.bound, address) {
            (IpAddr::V6(_), SocketAddr::V4(v4)) => SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port()),
            _ => address,
        }
    }
}

/// An IPv4 address in IPv6 clothes becomes IPv4.
pub fn unmapped(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
