//! Tracks and their packets.

use super::Node;
use crate::call::{CallId, PeerId, Track, TrackId};
use crate::egress::{Route, ShortWay};
use crate::keyframe::Limiter;
use crate::peer::{Incoming, Outbound};
use crate::{Output, TrackKind, cipher};
use std::time::Instant;
use str0m::media::{KeyframeRequestKind, Mid};
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite, Ssrc};

impl Node {
    /// Forwards the packets of this tick: every receiver is visited once. Call it after a batch of
    /// [`Node::receive`].
    pub fn flush(&mut self, now: Instant) {
        let mut inbox = std::mem::take(&mut self.inbox);
        for (sender, packet) in inbox.drain(..) {
            self.route(now, sender, &packet);
        }
        self.inbox = inbox;
        let mut touched = std::mem::take(&mut self.touched);
        for id in touched.drain(..) {
            self.hand_over(now, id);
        }
        self.touched = touched;
    }

    /// Gives str0m what it is to send to a participant, and learns from it how to send more.
    fn hand_over(&mut self, now: Instant, id: PeerId) {
        let Some(peer) = self.peers[id].as_mut() else { return };
        let mut outbox = std::mem::take(&mut peer.outbox);
        let (call_id, moves) = (peer.call, peer.moves);
        self.packets_out += outbox.len() as u64;
        let (sent, mut seen) = (self.wire.len(), Vec::with_capacity(outbox.len()));
        let ((), sealed) = cipher::watch(|| {
            self.change(now, id, |rtc| {
                let mut api = rtc.direct_api();
                for Outbound { track, place, ssrc, sequence, packet } in outbox.drain(..) {
                    if let Some(stream) = api.stream_tx(&ssrc) {
                        stream.write_rtp(packet);
                        seen.push((track, place, ssrc, sequence));
                    }
                }
                Ok(())
            });
        });
        let Some(peer) = self.peers[id].as_mut() else { return };
        peer.outbox = outbox;
        let Some(call) = self.calls[call_id].as_mut() else { return };
        for sealed in sealed {
            let numbers = |header: &[u8]| (header[2..4].to_vec(), header[8..12].to_vec());
            let of_this = |(_, _, ssrc, sequence): &&(TrackId, usize, Ssrc, u64)| {
                let own = ((*sequence as u16).to_be_bytes().to_vec(), ssrc.to_be_bytes().to_vec());
                own == numbers(&sealed.header)
            };
            let Some((track, place, _, sequence)) = seen.iter().find(of_this).copied() else { continue };
            let Some(track) = call.tracks.get_mut(&track).filter(|t| t.kind.is_audio()) else { continue };
            let Some(subscriber) = track.subscribers.get_mut(place).filter(|s| s.peer == id) else { continue };
            let datagram = self.wire.iter().skip(sent).find(|t| t.contents.starts_with(&sealed.header));
            let (Some(datagram), Some(extensions)) = (datagram, peer.extensions(subscriber.mid)) else { continue };
            let route =
                Route { proto: datagram.proto, source: datagram.source, destination: datagram.destination, moves };
            subscriber.short_way = ShortWay::learn(sealed, sequence, extensions, route, id);
        }
    }

    fn route(&mut self, now: Instant, sender: PeerId, packet: &RtpPacket) {
        let Some(peer) = self.peers[sender].as_mut() else { return };
        let call_id = peer.call;
        let track_id = match peer.incoming.get(&*packet.header.ssrc) {
            Some(Incoming::Live(track)) => *track,
            Some(Incoming::Over(_)) => return,
            None => match self.admit(now, sender, packet) {
                Some(track) => track,
                None => return,
            },
        };
        let Some(track) = self.calls[call_id].as_mut().and_then(|call| call.tracks.get_mut(&track_id)) else { return };
        if track.kind == TrackKind::Voice
            && let Some(level) = packet.header.ext_vals.audio_level
            && let Some(peer) = self.peers[sender].as_mut()
            && let Some(on) = peer.monitor.push(now, level.unsigned_abs())
        {
            self.outputs.push_back(Output::Voice { session: peer.join.session.clone(), on });
        }
        if !track.enabled {
            return;
        }
        let is_audio = track.kind.is_audio();
        let mut extensions = ExtensionValues::default();
        if is_audio {
            extensions.audio_level = packet.header.ext_vals.audio_level;
            extensions.voice_activity = packet.header.ext_vals.voice_activity;
        }
        let level = extensions.audio_level.map(|level| {
            let voice = u8::from(extensions.voice_activity == Some(true)) << 7;
            voice | level.unsigned_abs().min(127)
        });
        for (place, subscriber) in track.subscribers.iter_mut().enumerate() {
            let Some(peer) = self.peers[subscriber.peer].as_mut() else { continue };
            let mapped = subscriber.rewrite.map(now, *packet.seq_no, packet.header.timestamp);
            let Some((sequence, time)) = mapped else { continue };
            if let Some(way) = subscriber.short_way.as_mut().filter(|way| way.is_open(peer.moves)) {
                self.packets_out += 1;
                self.packets_short += 1;
                self.wire.extend(way.seal(sequence, time, packet.header.marker, level, &packet.payload));
                continue;
            }
            let write = RtpWrite::new(subscriber.pt, sequence.into(), time, packet.timestamp, packet.payload.clone())
                .marker(packet.header.marker)
                .ext_vals(extensions.clone())
                .nackable(!is_audio);
            if peer.outbox.is_empty() {
                self.touched.push(subscriber.peer);
            }
            let ssrc = subscriber.ssrc;
            peer.outbox.push(Outbound { track: track_id, place, ssrc, sequence, packet: write });
        }
    }

    /// The first packet of an SSRC makes a track, when it is known what it carries. A video whose stream nobody has
    /// named yet stays unknown, and is asked about again with its next packet.
    fn admit(&mut self, now: Instant, sender: PeerId, packet: &RtpPacket) -> Option<TrackId> {
        let ssrc = packet.header.ssrc;
        let mid = self.change(now, sender, |rtc| Ok(rtc.direct_api().stream_rx(&ssrc).map(|s| s.mid())))??;
        let peer = self.peers[sender].as_mut()?;
        let call_id = peer.call;
        let (codec, clock_rate) = peer.codec(packet.header.payload_type)?;
        let stream = peer.streams.get(&*mid)?.as_str();
        let shares = self.calls[call_id].as_ref()?.screen == Some(sender);
        let is_screen = peer.screen_stream.as_deref() == Some(stream);
        let kind = match codec.is_audio() {
            true if is_screen => shares.then_some(TrackKind::ScreenAudio)?,
            true => TrackKind::Voice,
            false if is_screen => shares.then_some(TrackKind::Screen)?,
            false if peer.video_stream.as_deref() == Some(stream) => TrackKind::Video,
            false => return None,
        };
        let session = peer.join.session.clone();
        // A second one of a kind takes the place of the first.
        self.end_tracks(now, call_id, |t| t.sender == sender && t.kind == kind && t.codec == codec);
        let sends = |t: &Track| t.sender == sender;
        if self.calls[call_id].as_ref()?.tracks.values().filter(|t| sends(t)).count() >= self.settings.max_tracks {
            return None;
        }
        let id = self.next_track;
        self.next_track += 1;
        let name = format!("{}_{session}_{}", kind.name(), self.suffix());
        let track = Track {
            name,
            sender,
            session,
            mid,
            ssrc,
            kind,
            codec,
            clock_rate,
            enabled: true,
            keyframes: Limiter::default(),
            subscribers: Vec::new(),
        };
        let call = self.calls[call_id].as_mut()?;
        call.tracks.insert(id, track);
        let members = call.members.clone();
        self.peers[sender].as_mut()?.incoming.insert(*ssrc, Incoming::Live(id));
        for member in members.into_iter().filter(|m| *m != sender) {
            self.negotiate(now, member);
        }
        Some(id)
    }

    /// Ends the tracks of a call that `over` names: the sender's packets are ignored from now on, and receivers are
    /// told with the next offer.
    pub(super) fn end_tracks(&mut self, now: Instant, call_id: CallId, over: impl Fn(&Track) -> bool) {
        let Some(call) = self.calls[call_id].as_mut() else { return };
        let ended: Vec<(TrackId, PeerId, u32, Mid)> =
            call.tracks.iter().filter(|(_, t)| over(t)).map(|(id, t)| (*id, t.sender, *t.ssrc, t.mid)).collect();
        if ended.is_empty() {
            return;
        }
        let members = call.members.clone();
        for (id, sender, ssrc, mid) in &ended {
            call.tracks.remove(id);
            if let Some(peer) = self.peers[*sender].as_mut().filter(|p| p.call == call_id) {
                peer.incoming.insert(*ssrc, Incoming::Over(*mid));
                peer.forget_some();
            }
        }
        for member in members {
            let Some(peer) = self.peers[member].as_mut() else { continue };
            for outgoing in peer.outgoing.iter_mut().filter(|o| ended.iter().any(|(id, ..)| *id == o.track)) {
                outgoing.ended = true;
            }
            self.negotiate(now, member);
        }
    }

    /// A receiver cannot decode what it gets on the m-line.
    pub(super) fn keyframe_wanted(&mut self, now: Instant, id: PeerId, mid: Mid) {
        let Some(peer) = self.peers[id].as_ref() else { return };
        if let Some(outgoing) = peer.outgoing.iter().find(|o| o.mid == mid && !o.ended) {
            self.ask_for_keyframe(now, peer.call, outgoing.track);
        }
    }

    pub(super) fn ask_for_keyframe(&mut self, now: Instant, call_id: CallId, track_id: TrackId) {
        let Some(track) = self.calls[call_id].as_mut().and_then(|c| c.tracks.get_mut(&track_id)) else { return };
        if !track.keyframes.request(now) {
            if !self.keyframes.contains(&(call_id, track_id)) {
                self.keyframes.push((call_id, track_id));
            }
            return;
        }
        let (sender, ssrc) = (track.sender, track.ssrc);
        self.change(now, sender, |rtc| {
            if let Some(stream) = rtc.direct_api().stream_rx(&ssrc) {
                stream.request_keyframe(KeyframeRequestKind::Pli);
            }
            Ok(())
        });
    }

    /// Sends the requests for key frames that had to wait.
    pub(super) fn keyframes_due(&mut self, now: Instant) {
        for (call_id, track_id) in std::mem::take(&mut self.keyframes) {
            let track = self.calls[call_id].as_ref().and_then(|call| call.tracks.get(&track_id));
            match track.and_then(|t| t.keyframes.deadline()) {
                Some(at) if at <= now => self.ask_for_keyframe(now, call_id, track_id),
                Some(_) => self.keyframes.push((call_id, track_id)),
                None => {}
            }
        }
    }
}
