//! Offers and answers: what a participant should hear is compared with what it was offered, and every difference goes
//! into one offer.

use super::Node;
use crate::call::{Call, PeerId, Subscriber, TrackId};
use crate::forward::Rewrite;
use crate::negotiation::Waiting;
use crate::peer::{Incoming, Outgoing, Stage, decodes_av1};
use crate::sdp::Section;
use crate::{Offer, Output, SignalError, TrackKind, sdp};
use std::time::{Duration, Instant};
use str0m::Rtc;
use str0m::change::{SdpAnswer, SdpOffer};
use str0m::media::{Direction, MediaKind, Mid};

/// A participant's offer that crosses ours shows that ours may be lost, when ours is older than this.
const CROSSED_AFTER: Duration = Duration::from_secs(2);

impl Node {
    /// Takes in a participant's offer and returns the answer. Send it before anything that [`Node::poll`] hands out.
    ///
    /// # Errors
    /// [`SignalError`]; a session whose first offer is unusable is closed.
    pub fn offer(&mut self, now: Instant, session: &str, sdp: &str) -> Result<String, SignalError> {
        let id = self.find(session)?;
        let unknown = || SignalError::Unknown(session.to_owned());
        let peer = self.peers[id].as_mut().ok_or_else(unknown)?;
        if let Some(waiting) = &mut peer.negotiation.waiting {
            if now.saturating_duration_since(waiting.sent) >= CROSSED_AFTER {
                waiting.sent = now;
                self.outputs.push_back(Output::Offer(waiting.offer.clone()));
            }
            return Err(SignalError::Glare);
        }
        let first = peer.negotiation.first_offer_until.is_some();
        let narrowed = sdp::narrow(sdp, |mid| peer.sends_on(mid));
        // Parsed inside, so that a panic of the parser costs this participant only.
        let accept = |rtc: &mut Rtc| {
            let offer = SdpOffer::from_sdp_string(&narrowed).map_err(|e| e.to_string());
            Ok(offer.and_then(|offer| rtc.sdp_api().accept_offer(offer).map_err(|e| e.to_string())))
        };
        let accepted = self.change(now, id, accept).ok_or_else(unknown)?;
        let answer = match accepted {
            Ok(answer) => answer.to_sdp_string(),
            Err(reason) => {
                if first {
                    self.close(now, id, Some(format!("the first offer is unusable: {reason}")));
                }
                return Err(SignalError::Sdp(reason));
            }
        };
        if let Some(peer) = self.peers[id].as_mut() {
            peer.negotiation.first_offer_until = None;
            peer.negotiation.answered(now);
        }
        self.reschedule(id);
        self.learn(now, id, sdp::sections(&narrowed));
        self.negotiate(now, id);
        Ok(answer)
    }

    /// Takes in a participant's answer to our offer.
    ///
    /// # Errors
    /// [`SignalError`]; an answer that cannot be applied ends the session, since the two sides no longer agree.
    pub fn answer(&mut self, now: Instant, session: &str, sdp: &str) -> Result<(), SignalError> {
        let id = self.find(session)?;
        let peer = self.peers[id].as_mut().ok_or_else(|| SignalError::Unknown(session.to_owned()))?;
        if peer.negotiation.waiting.is_none() {
            return Err(SignalError::NoOffer);
        }
        let unknown = || SignalError::Unknown(session.to_owned());
        let parse = |_: &mut Rtc| Ok(SdpAnswer::from_sdp_string(sdp).map_err(|e| SignalError::Sdp(e.to_string())));
        let answer = self.change(now, id, parse).ok_or_else(unknown)??;
        let peer = self.peers[id].as_mut().ok_or_else(unknown)?;
        let waiting = peer.negotiation.waiting.take().ok_or(SignalError::NoOffer)?;
        let applied = self
            .change(now, id, |rtc| Ok(rtc.sdp_api().accept_answer(waiting.pending, answer).map_err(|e| e.to_string())));
        if let Some(Err(reason)) = applied {
            self.close(now, id, Some(format!("the answer cannot be applied: {reason}")));
            return Err(SignalError::Sdp(reason));
        }
        self.go_live(now, id);
        self.learn(now, id, sdp::sections(sdp));
        self.negotiate(now, id);
        Ok(())
    }

    /// A participant asks for the signalling lock; whether it has it now.
    ///
    /// # Errors
    /// [`SignalError::Unknown`].
    pub fn lock(&mut self, now: Instant, session: &str) -> Result<bool, SignalError> {
        let id = self.find(session)?;
        let locked = self.peers[id].as_mut().is_some_and(|peer| peer.negotiation.lock(now));
        self.reschedule(id);
        Ok(locked)
    }

    /// A participant gives the lock back; harmless when it has none.
    ///
    /// # Errors
    /// [`SignalError::Unknown`].
    pub fn unlock(&mut self, now: Instant, session: &str) -> Result<(), SignalError> {
        let id = self.find(session)?;
        if let Some(peer) = self.peers[id].as_mut() {
            peer.negotiation.unlock();
        }
        self.negotiate(now, id);
        Ok(())
    }

    /// Makes the participant an offer with everything that has changed, if it is the time for it.
    pub(super) fn negotiate(&mut self, now: Instant, id: PeerId) {
        let Some(peer) = self.peers[id].as_ref() else { return };
        if peer.channel.is_none() || !peer.negotiation.is_free(now) {
            return;
        }
        self.drop_unwanted(id);
        let (Some(peer), Some(call)) = (self.peers[id].as_ref(), self.call_of(id)) else { return };
        let mut added: Vec<(TrackId, TrackKind, String, String)> = Vec::new();
        for (track_id, track) in call.wanted_by(id, |peer| decodes_av1(&self.peers, peer)) {
            if !peer.outgoing.iter().any(|o| o.track == track_id && !o.ended) {
                added.push((track_id, track.kind, track.session.clone(), track.name.clone()));
            }
        }
        let ended = peer.outgoing.iter().filter(|o| o.ended && o.stage != Stage::Offered);
        let closing: Vec<(Mid, Direction)> = ended.clone().map(|o| (o.mid, peer.direction_without_us(o.mid))).collect();
        // Silence needs no word; a picture that stands still does.
        if added.is_empty() && !ended.clone().any(|o| !o.kind.is_audio()) {
            return;
        }
        let kinds: Vec<_> =
            added.iter().map(|(_, kind, session, name)| (*kind, session.clone(), name.clone())).collect();
        let made = self.change(now, id, |rtc| {
            let mut api = rtc.sdp_api();
            for (mid, direction) in closing {
                api.set_direction(mid, direction);
            }
            let mut mids = Vec::with_capacity(kinds.len());
            for (kind, session, name) in kinds {
                let media = if kind.is_audio() { MediaKind::Audio } else { MediaKind::Video };
                mids.push(api.add_media(media, Direction::SendOnly, Some(session), Some(name), None));
            }
            Ok((mids, api.apply()))
        });
        let (Some((mids, change)), Some(peer)) = (made, self.peers[id].as_mut()) else { return };
        for outgoing in peer.outgoing.iter_mut().filter(|o| o.ended && o.stage != Stage::Offered) {
            outgoing.stage = Stage::Closing;
        }
        for (mid, (track, kind, sender, _)) in mids.into_iter().zip(added) {
            peer.outgoing.push(Outgoing { track, mid, kind, sender, stage: Stage::Offered, ended: false });
        }
        let Some((sdp, pending)) = change else {
            peer.outgoing.retain(|o| o.stage != Stage::Closing);
            return;
        };
        let offer = Offer { session: peer.join.session.clone(), sdp: sdp.to_sdp_string(), media: peer.media_map() };
        let until = now + self.settings.answer_timeout;
        self.outputs.push_back(Output::Offer(offer.clone()));
        peer.negotiation.waiting = Some(Waiting { pending, offer, sent: now, until, attempts: 1 });
        self.reschedule(id);
    }

    /// A track that another one replaces for this participant (the same picture in AV1) is over for it.
    fn drop_unwanted(&mut self, id: PeerId) {
        let Some(call) = self.call_of(id) else { return };
        let wanted: Vec<TrackId> = call.wanted_by(id, |peer| decodes_av1(&self.peers, peer)).map(|(t, _)| t).collect();
        let Some(peer) = self.peers[id].as_mut() else { return };
        for outgoing in peer.outgoing.iter_mut().filter(|o| !o.ended && wanted.binary_search(&o.track).is_err()) {
            outgoing.ended = true;
            let track = self.calls[peer.call].as_mut().and_then(|call| call.tracks.get_mut(&outgoing.track));
            if let Some(track) = track {
                track.subscribers.retain(|s| s.peer != id);
            }
        }
    }

    fn call_of(&self, id: PeerId) -> Option<&Call> {
        self.peers[id].as_ref().and_then(|peer| self.calls[peer.call].as_ref())
    }

    /// Deadlines of negotiation: the first offer, an answer, a lock.
    pub(super) fn negotiation_timeout(&mut self, now: Instant, id: PeerId) {
        let Some(peer) = self.peers[id].as_mut() else { return };
        if peer.negotiation.first_offer_until.is_some_and(|until| until <= now) {
            return self.close(now, id, Some("no offer has come".into()));
        }
        if let Some(waiting) = peer.negotiation.waiting.as_mut().filter(|w| w.until <= now) {
            if waiting.attempts >= self.settings.offer_attempts {
                return self.close(now, id, Some("offers are not answered".into()));
            }
            waiting.attempts += 1;
            waiting.sent = now;
            waiting.until = now + self.settings.answer_timeout;
            self.outputs.push_back(Output::Offer(waiting.offer.clone()));
            return;
        }
        if peer.negotiation.expire_lock(now) {
            tracing::debug!(session = peer.join.session, "the signalling lock ran out");
            self.negotiate(now, id);
        }
    }

    /// What was in the answered offer takes effect.
    fn go_live(&mut self, now: Instant, id: PeerId) {
        let Some(peer) = self.peers[id].as_mut() else { return };
        peer.outgoing.retain(|o| o.stage != Stage::Closing);
        let offered: Vec<_> =
            peer.outgoing.iter().filter(|o| o.stage == Stage::Offered).map(|o| (o.track, o.mid)).collect();
        if offered.is_empty() {
            return;
        }
        let call_id = peer.call;
        let mids: Vec<Mid> = offered.iter().map(|(_, mid)| *mid).collect();
        let ssrcs = self.change(now, id, |rtc| {
            let mut api = rtc.direct_api();
            Ok(mids.into_iter().map(|mid| api.stream_tx_by_mid(mid, None).map(|s| s.ssrc())).collect::<Vec<_>>())
        });
        let Some(ssrcs) = ssrcs else { return };
        for ((track_id, mid), ssrc) in offered.into_iter().zip(ssrcs) {
            let first_sequence = self.first_sequence();
            let (Some(peer), Some(call)) = (self.peers[id].as_mut(), self.calls[call_id].as_mut()) else { return };
            let track = call.tracks.get_mut(&track_id);
            let pt = track.as_ref().and_then(|t| peer.payload_type(mid, t.codec));
            let Some(outgoing) = peer.outgoing.iter_mut().find(|o| o.mid == mid) else { continue };
            if outgoing.ended {
                outgoing.stage = Stage::Live;
                continue;
            }
            outgoing.stage = if pt.is_some() { Stage::Live } else { Stage::Refused };
            let (Some(track), Some(pt), Some(ssrc)) = (track, pt, ssrc) else { continue };
            let rewrite = Rewrite::new(track.clock_rate, first_sequence);
            track.subscribers.push(Subscriber { peer: id, mid, ssrc, pt, rewrite, short_way: None });
            if !track.kind.is_audio() {
                self.ask_for_keyframe(now, call_id, track_id);
            }
        }
    }

    /// Below half the range, so that the receiver finds the roll-over counter even when the first packets are lost.
    fn first_sequence(&mut self) -> u16 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        ((self.random >> 40) & 0x7fff) as u16
    }

    /// Takes in which m-lines the participant sends on, and in which stream.
    fn learn(&mut self, now: Instant, id: PeerId, sections: Vec<Section>) {
        let Some(peer) = self.peers[id].as_mut() else { return };
        let call = peer.call;
        let mut stopped: Vec<String> = Vec::new();
        for section in sections {
            if !section.sends {
                if peer.streams.remove(&section.mid).is_some() {
                    stopped.push(section.mid);
                }
                continue;
            }
            let stream = section.stream.unwrap_or_default();
            if peer.streams.get(&section.mid) != Some(&stream) {
                peer.incoming.retain(|_, state| !matches!(state, Incoming::Over(mid) if **mid == *section.mid));
                peer.streams.insert(section.mid, stream);
            }
        }
        if !stopped.is_empty() {
            self.end_tracks(now, call, |track| track.sender == id && stopped.iter().any(|mid| **mid == *track.mid));
        }
    }
}
