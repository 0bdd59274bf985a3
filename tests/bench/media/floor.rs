//! What the machine allows: encrypt once for each receiver and send in batches, and nothing else.
//!
//! The sender is a process of its own on the first core (`bench-media floor-sender`), measured like a server; this
//! process receives, as it does for the servers.

use crate::peer::on_core;
use crate::process::Process;
use crate::scenario::{SCREEN_FRAMES, SCREEN_PAYLOAD, Scenario, VOICE_EVERY, VOICE_PAYLOAD};
use anyhow::Context;
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use mio::{Events, Interest, Poll, Token};
use nix::sys::socket::{ControlMessage, MsgFlags, MultiHeaders, SockaddrIn, sendmmsg};
use std::io::IoSlice;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::time::{Duration, Instant};

/// Messages of one system call.
const BATCH: usize = 64;
/// RTP header with its extensions, as the servers send it.
const HEADER: usize = 20;
const TAG: usize = 16;

/// CPU time of the sender per packet that arrived, microseconds.
///
/// # Errors
/// When the sender does not start or nothing arrives.
pub fn measure(scenario: Scenario, folder: &Path, duration: Duration) -> anyhow::Result<f64> {
    let receivers = scenario.calls * (scenario.participants - 1);
    let mut poll = Poll::new()?;
    let mut sockets = Vec::with_capacity(receivers);
    let mut ports = String::new();
    for index in 0..receivers {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None)?;
        socket.set_nonblocking(true)?;
        socket.set_recv_buffer_size(1 << 20)?;
        socket.bind(&std::net::SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        let mut socket = mio::net::UdpSocket::from_std(socket.into());
        ports.push_str(&format!("{}\n", socket.local_addr()?.port()));
        poll.registry().register(&mut socket, Token(index), Interest::READABLE)?;
        sockets.push(socket);
    }
    let list = folder.join("ports");
    std::fs::write(&list, ports)?;
    let mut command = on_core(0);
    command.arg(std::env::current_exe()?).args(["floor-sender", "--scenario", scenario.name, "--ports"]).arg(&list);
    command.args(["--seconds", &(duration.as_secs() + 5).to_string()]);
    let process = Process::start(&mut command, &folder.join("floor.log"))?;
    let mut receive = |duration: Duration| -> anyhow::Result<u64> {
        let end = Instant::now() + duration;
        let (mut count, mut buffer, mut events) = (0, [0; 2048], Events::with_capacity(1024));
        while Instant::now() < end {
            poll.poll(&mut events, Some(Duration::from_millis(5)))?;
            for event in &events {
                while sockets[event.token().0].recv(&mut buffer).is_ok() {
                    count += 1;
                }
            }
        }
        Ok(count)
    };
    receive(Duration::from_secs(1))?;
    let before = process.cpu()?;
    let count = receive(duration)?;
    anyhow::ensure!(count > 0, "nothing arrived");
    Ok((process.cpu()? - before).as_micros() as f64 / count as f64)
}

/// The sender: what each receiver of the scenario is sent, at its pace, for `seconds`.
///
/// # Errors
/// When the list of ports cannot be read or the system refuses to send.
pub fn send(scenario: Scenario, ports: &Path, seconds: u64) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(ports)?;
    let addresses: Vec<SockaddrIn> = text
        .lines()
        .map(|port| Ok(SockaddrIn::from(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port.parse()?))))
        .collect::<anyhow::Result<_>>()?;
    let keys: Vec<LessSafeKey> = (0..addresses.len())
        .map(|i| UnboundKey::new(&AES_128_GCM, &(i as u128).to_be_bytes()).map(LessSafeKey::new))
        .collect::<Result<_, _>>()
        .context("a key")?;
    let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let sock = socket2::SockRef::from(&socket);
    sock.set_send_buffer_size(16 << 20)?;
    let (packets, payload, every) = if scenario.screen_kbps > 0 {
        (scenario.packets_per_frame(), SCREEN_PAYLOAD, Duration::from_secs(1) / SCREEN_FRAMES)
    } else {
        (1, VOICE_PAYLOAD, VOICE_EVERY / scenario.voices as u32)
    };
    let size = HEADER + payload + TAG;
    let mut arenas = vec![vec![0; size * packets]; BATCH];
    let begun = Instant::now();
    let mut next = begun;
    let mut sequence = 0u64;
    let segment = size as u16;
    while begun.elapsed() < Duration::from_secs(seconds) {
        for group in 0..addresses.len().div_ceil(BATCH) {
            let range = group * BATCH..((group + 1) * BATCH).min(addresses.len());
            for (arena, key) in arenas.iter_mut().zip(&keys[range.clone()]) {
                for packet in arena.chunks_mut(size) {
                    sequence += 1;
                    packet.fill(7);
                    let mut nonce = [0; 12];
                    nonce[4..].copy_from_slice(&sequence.to_be_bytes());
                    let (header, rest) = packet.split_at_mut(HEADER);
                    let (body, tag) = rest.split_at_mut(payload);
                    let nonce = Nonce::assume_unique_for_key(nonce);
                    let sealed = key.seal_in_place_separate_tag(nonce, Aad::from(&*header), body);
                    tag.copy_from_slice(sealed.context("sealing")?.as_ref());
                }
            }
            let iovs: Vec<[IoSlice<'_>; 1]> =
                arenas.iter().take(range.len()).map(|arena| [IoSlice::new(arena)]).collect();
            let burst = [ControlMessage::UdpGsoSegments(&segment)];
            let control: &[ControlMessage<'_>] = if packets > 1 { &burst } else { &[] };
            let names: Vec<Option<SockaddrIn>> = addresses[range].iter().copied().map(Some).collect();
            // Room for control messages that are not there would be an invalid argument.
            let room = (packets > 1).then(|| nix::cmsg_space!(u16));
            let mut headers = MultiHeaders::preallocate(names.len(), room);
            sendmmsg(socket.as_raw_fd(), &mut headers, &iovs, names, control, MsgFlags::empty())?;
        }
        next += every;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    Ok(())
}
