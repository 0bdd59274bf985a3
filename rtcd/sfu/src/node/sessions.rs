//! Sessions come and go.

use super::Node;
use crate::call::{Call, CallId, PeerId};
use crate::peer::Peer;
use crate::{Join, JoinError, Output, SignalError, rtc};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

impl Node {
    /// Makes a session, which then waits for its first offer.
    ///
    /// # Errors
    /// [`JoinError`]; nothing has changed then.
    pub fn join(&mut self, now: Instant, join: Join) -> Result<(), JoinError> {
        let fields = [("group", &join.group), ("call", &join.call), ("user", &join.user), ("session", &join.session)];
        if let Some((name, _)) = fields.iter().find(|(_, value)| value.is_empty()) {
            return Err(JoinError::Empty(name));
        }
        if self.sessions.contains_key(&join.session) {
            return Err(JoinError::Duplicate(join.session));
        }
        if self.sessions.len() >= self.settings.max_sessions {
            return Err(JoinError::Sessions(self.settings.max_sessions));
        }
        let name = (join.group.clone(), join.call.clone());
        if !self.call_names.contains_key(&name) && self.call_names.len() >= self.settings.max_calls {
            return Err(JoinError::Calls(self.settings.max_calls));
        }
        let (certificate, candidates) = (self.certificate.as_ref(), &self.candidates);
        let built = catch_unwind(AssertUnwindSafe(|| rtc::build(now, certificate, candidates)));
        let rtc = built.map_err(|_| JoinError::Engine)?;
        let call = self.enter(name);
        let session = join.session.clone();
        let peer = Peer::new(now, join, call, rtc, now + self.settings.first_offer_timeout);
        let ufrag = peer.ufrag.clone();
        let id = free_slot(&mut self.peers);
        self.peers[id] = Some(Box::new(peer));
        self.sessions.insert(session, id);
        self.ufrags.insert(ufrag, id);
        if let Some(call) = self.calls[call].as_mut() {
            call.members.push(id);
        }
        self.reschedule(id);
        Ok(())
    }

    fn enter(&mut self, name: (String, String)) -> CallId {
        if let Some(id) = self.call_names.get(&name) {
            return *id;
        }
        let id = free_slot(&mut self.calls);
        self.calls[id] = Some(Call::new(name.clone()));
        self.call_names.insert(name, id);
        id
    }

    /// Ends a session at its own wish.
    ///
    /// # Errors
    /// [`SignalError::Unknown`].
    pub fn leave(&mut self, now: Instant, session: &str) -> Result<(), SignalError> {
        let id = self.find(session)?;
        self.close(now, id, None);
        Ok(())
    }

    /// Ends a session: its tracks end for the others, its routes go, and the participant's connection is closed.
    pub(super) fn close(&mut self, now: Instant, id: PeerId, reason: Option<String>) {
        let Some(mut peer) = self.peers[id].take() else { return };
        if !peer.broken {
            // What str0m still has to say (that the connection closes) goes on the wire; its events no longer matter.
            drop(peer.mutate(now, &mut self.wire, &mut Vec::new(), |rtc| rtc.close()));
        }
        self.sessions.remove(&peer.join.session);
        self.ufrags.remove(&peer.ufrag);
        for address in &peer.addresses {
            if self.addresses.get(address) == Some(&id) {
                self.addresses.remove(address);
            }
        }
        self.inbox.retain(|(sender, _)| *sender != id);
        self.exit(now, id, peer.call);
        self.outputs.push_back(Output::Closed { session: peer.join.session, reason });
    }

    fn exit(&mut self, now: Instant, id: PeerId, call_id: CallId) {
        let Some(call) = self.calls[call_id].as_mut() else { return };
        call.members.retain(|member| *member != id);
        if call.screen == Some(id) {
            call.screen = None;
        }
        for track in call.tracks.values_mut() {
            track.subscribers.retain(|s| s.peer != id);
        }
        if call.members.is_empty() {
            self.call_names.remove(&call.name);
            self.calls[call_id] = None;
            return;
        }
        self.end_tracks(now, call_id, |track| track.sender == id);
    }
}

/// The place of an empty slot, made at the end when there is none.
fn free_slot<T>(slots: &mut Vec<Option<T>>) -> usize {
    slots.iter().position(Option::is_none).unwrap_or_else(|| {
        slots.push(None);
        slots.len() - 1
    })
}
