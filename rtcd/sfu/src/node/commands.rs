//! What participants say about their media beside offers: mute, screen, camera; and the data channel.

use super::Node;
use crate::call::PeerId;
use crate::peer::Incoming;
use crate::{Command, Output, SignalError, TrackKind};
use std::time::Instant;

impl Node {
    /// Takes in a command of a session.
    ///
    /// # Errors
    /// [`SignalError`] when it has no effect.
    pub fn command(&mut self, now: Instant, session: &str, command: Command) -> Result<(), SignalError> {
        let id = self.find(session)?;
        match command {
            Command::Mute => self.enable_voice(id, false),
            Command::Unmute => self.enable_voice(id, true),
            Command::ScreenOn(stream) => return self.screen_on(now, id, stream),
            Command::ScreenOff => return self.screen_off(now, id),
            Command::VideoOn(stream) => {
                self.reconsider(now, id, &stream);
                if let Some(peer) = self.peers[id].as_mut() {
                    peer.video_stream = Some(stream);
                }
            }
        }
        Ok(())
    }

    /// Sends a message on the session's data channel.
    ///
    /// # Errors
    /// [`SignalError::Channel`] when it is not open or its buffer is full.
    pub fn send(&mut self, now: Instant, session: &str, binary: bool, data: &[u8]) -> Result<(), SignalError> {
        let id = self.find(session)?;
        let channel = self.peers[id].as_ref().and_then(|p| p.channel).ok_or(SignalError::Channel)?;
        let sent = self.change(now, id, |rtc| match rtc.channel(channel) {
            Some(mut channel) => channel.write(binary, data),
            None => Ok(false),
        });
        if sent == Some(true) { Ok(()) } else { Err(SignalError::Channel) }
    }

    fn enable_voice(&mut self, id: PeerId, enabled: bool) {
        let Some(peer) = self.peers[id].as_mut() else { return };
        if let Some(call) = self.calls[peer.call].as_mut() {
            for track in call.tracks.values_mut().filter(|t| t.sender == id && t.kind == TrackKind::Voice) {
                track.enabled = enabled;
                for subscriber in &mut track.subscribers {
                    subscriber.rewrite.pause();
                }
            }
        }
        if !enabled && peer.monitor.reset() {
            self.outputs.push_back(Output::Voice { session: peer.join.session.clone(), on: false });
        }
    }

    fn screen_on(&mut self, now: Instant, id: PeerId, stream: String) -> Result<(), SignalError> {
        self.reconsider(now, id, &stream);
        let Some(peer) = self.peers[id].as_mut() else { return Ok(()) };
        peer.screen_stream = Some(stream);
        let Some(call) = self.calls[peer.call].as_mut() else { return Ok(()) };
        match call.screen {
            Some(other) if other != id => Err(SignalError::ScreenTaken),
            _ => {
                call.screen = Some(id);
                Ok(())
            }
        }
    }

    fn screen_off(&mut self, now: Instant, id: PeerId) -> Result<(), SignalError> {
        let Some(peer) = self.peers[id].as_mut() else { return Ok(()) };
        let call_id = peer.call;
        // The stream's id stays: trailing packets of its sound must not pass for a voice.
        let Some(call) = self.calls[call_id].as_mut().filter(|c| c.screen == Some(id)) else {
            return Err(SignalError::NoScreen);
        };
        call.screen = None;
        self.end_tracks(now, call_id, |t| {
            t.sender == id && matches!(t.kind, TrackKind::Screen | TrackKind::ScreenAudio)
        });
        Ok(())
    }

    /// What arrives in this stream is looked at anew with its next packet, since its meaning may have changed.
    fn reconsider(&mut self, now: Instant, id: PeerId, stream: &str) {
        let Some(peer) = self.peers[id].as_mut() else { return };
        let call = peer.call;
        let mids: Vec<String> = peer.streams.iter().filter(|(_, s)| *s == stream).map(|(mid, _)| mid.clone()).collect();
        if mids.is_empty() {
            return;
        }
        self.end_tracks(now, call, |t| t.sender == id && mids.iter().any(|mid| **mid == *t.mid));
        if let Some(peer) = self.peers[id].as_mut() {
            peer.incoming.retain(|_, state| !matches!(state, Incoming::Over(mid) if mids.iter().any(|m| **m == **mid)));
        }
    }
}
