//! What a media server is given to do.

use std::time::Duration;

/// Time between two packets of a voice.
pub const VOICE_EVERY: Duration = Duration::from_millis(20);
/// Payload of a voice packet, bytes: Opus at 32 kbit/s.
pub const VOICE_PAYLOAD: usize = 80;
/// Frames of a shared screen a second.
pub const SCREEN_FRAMES: u32 = 15;
/// Payload of a screen packet, bytes.
pub const SCREEN_PAYLOAD: usize = 1100;

/// Calls of one size.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    pub name: &'static str,
    pub calls: usize,
    /// Participants of a call, speakers included.
    pub participants: usize,
    /// How many of them speak without a pause.
    pub voices: usize,
    /// Bit rate of a screen that the first one shares, kbit/s; 0: none.
    pub screen_kbps: u32,
}

/// The three of the README, in order.
pub const SCENARIOS: [Scenario; 3] = [
    Scenario { name: "briefing", calls: 1, participants: 1000, voices: 2, screen_kbps: 0 },
    Scenario { name: "meetings", calls: 100, participants: 10, voices: 2, screen_kbps: 0 },
    Scenario { name: "screen", calls: 1, participants: 301, voices: 0, screen_kbps: 2500 },
];

impl Scenario {
    /// Packets that one frame of the screen is cut into.
    pub fn packets_per_frame(&self) -> usize {
        (self.screen_kbps as usize * 1000 / 8 / SCREEN_FRAMES as usize).div_ceil(SCREEN_PAYLOAD)
    }

    /// Packets a second that the server should send.
    pub fn forwarded_per_second(&self) -> usize {
        let voices = self.voices * (self.participants - 1) * 50;
        let screen = self.packets_per_frame() * SCREEN_FRAMES as usize * (self.participants - 1);
        self.calls * (voices + screen)
    }

    /// Tracks that a participant is sent, by its place in the call.
    pub fn tracks_of(&self, place: usize) -> usize {
        let voices = self.voices - usize::from(place < self.voices);
        voices + usize::from(self.screen_kbps > 0 && place > 0)
    }

    /// The same with fewer participants or calls, to try it out.
    pub fn shrunk(self, divisor: usize) -> Self {
        if self.calls > 1 {
            Self { calls: (self.calls / divisor).max(1), ..self }
        } else {
            Self { participants: (self.participants / divisor).max(3), ..self }
        }
    }
}
