//! All participants of a scenario in one thread.

use crate::participant::{Participant, screen_stream};
use crate::scenario::{SCREEN_FRAMES, Scenario, VOICE_EVERY};
use crate::signalling::{Heard, Say};
use anyhow::Context;
use mio::{Events, Interest, Poll, Token};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Participants that are on their way into a call at a time.
const JOINING: usize = 16;
/// One in this many decrypts what it hears.
const PROBE_EVERY: usize = 100;
/// How long everybody together may take to hear everybody.
const SET_UP: Duration = Duration::from_secs(180);
/// Time between two looks at the timers of all.
const TIMERS_EVERY: Duration = Duration::from_millis(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Voice(usize),
    Screen(usize),
}

/// The participants and when they send next.
pub struct Load {
    scenario: Scenario,
    poll: Poll,
    participants: Vec<Participant>,
    say: tokio::sync::mpsc::Sender<Say>,
    heard: mpsc::Receiver<Heard>,
    turns: BinaryHeap<Reverse<(Instant, Turn)>>,
    timers: Instant,
    buffer: Vec<u8>,
    /// The longest that a packet was sent after its time.
    pub late: Duration,
    pub sent: u64,
}

impl Load {
    pub fn new(
        scenario: Scenario,
        say: tokio::sync::mpsc::Sender<Say>,
        heard: mpsc::Receiver<Heard>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            scenario,
            poll: Poll::new()?,
            participants: Vec::new(),
            say,
            heard,
            turns: BinaryHeap::new(),
            timers: Instant::now(),
            buffer: vec![0; 2048],
            late: Duration::ZERO,
            sent: 0,
        })
    }

    /// Lets everybody join, and waits until everybody is sent all tracks; the time it took.
    ///
    /// # Errors
    /// When that takes too long, with how far it came.
    pub fn assemble(&mut self) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        let total = self.scenario.calls * self.scenario.participants;
        let wanted: usize =
            self.scenario.calls * (0..self.scenario.participants).map(|p| self.scenario.tracks_of(p)).sum::<usize>();
        let mut started = vec![false; total];
        loop {
            let connected = self.participants.iter().filter(|p| p.connected).count();
            if self.participants.len() < total && self.participants.len() - connected < JOINING {
                self.join()?;
            }
            for index in 0..self.participants.len() {
                if self.participants[index].connected && !std::mem::replace(&mut started[index], true) {
                    self.begin_to_send(index, Instant::now())?;
                }
            }
            let tracks: usize = self.participants.iter().map(|p| p.tracks).sum();
            if connected == total && tracks == wanted {
                return Ok(begun.elapsed());
            }
            anyhow::ensure!(
                begun.elapsed() < SET_UP,
                "after {SET_UP:?} {connected} of {total} are connected and {tracks} of {wanted} tracks are offered"
            );
            self.step()?;
        }
    }

    fn join(&mut self) -> anyhow::Result<()> {
        let index = self.participants.len();
        let (call, place) = (index / self.scenario.participants, index % self.scenario.participants);
        let mut participant = Participant::new(index, index % PROBE_EVERY == PROBE_EVERY / 2)?;
        self.poll.registry().register(&mut participant.socket, Token(index), Interest::READABLE)?;
        self.say.try_send(Say::Join { index, call })?;
        let screen = self.scenario.screen_kbps > 0 && place == 0;
        participant.offer(place < self.scenario.voices, screen)?;
        if screen {
            self.say.try_send(Say::ScreenOn { index, stream: screen_stream(index) })?;
        }
        self.participants.push(participant);
        self.pass_on(index)
    }

    fn begin_to_send(&mut self, index: usize, now: Instant) -> anyhow::Result<()> {
        // Spread over the period, as the voices of a real call are.
        let phase = VOICE_EVERY.mul_f64((index as f64 * 0.618) % 1.0);
        if self.participants[index].voice.is_some() {
            self.say.try_send(Say::Unmute { index })?;
            self.turns.push(Reverse((now + phase, Turn::Voice(index))));
        }
        if self.participants[index].screen.is_some() {
            self.turns.push(Reverse((now + phase, Turn::Screen(index))));
        }
        Ok(())
    }

    /// Goes on for a time.
    pub fn run(&mut self, duration: Duration) -> anyhow::Result<()> {
        let end = Instant::now() + duration;
        while Instant::now() < end {
            self.step()?;
        }
        Ok(())
    }

    fn step(&mut self) -> anyhow::Result<()> {
        let now = Instant::now();
        while let Some(Reverse((at, turn))) = self.turns.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            self.turns.pop();
            self.late = self.late.max(now - at);
            let every = match turn {
                Turn::Voice(index) => {
                    self.participants[index].speak(now)?;
                    self.sent += 1;
                    VOICE_EVERY
                }
                Turn::Screen(index) => {
                    let packets = self.scenario.packets_per_frame();
                    self.participants[index].show(now, packets)?;
                    self.sent += packets as u64;
                    Duration::from_secs(1) / SCREEN_FRAMES
                }
            };
            self.turns.push(Reverse((at + every, turn)));
        }
        if now >= self.timers {
            self.timers = now + TIMERS_EVERY;
            for participant in self.participants.iter_mut().filter(|p| p.next <= now) {
                participant.timeout(now)?;
            }
        }
        while let Ok(heard) = self.heard.try_recv() {
            match heard {
                Heard::Signal { index, data } => {
                    self.participants.get_mut(index).context("a message for nobody")?.hear(&data)?;
                    self.pass_on(index)?;
                }
                Heard::Closed { index } => anyhow::bail!("the server ended the session of participant {index}"),
            }
        }
        let next = self.turns.peek().map_or(self.timers, |Reverse((at, _))| (*at).min(self.timers));
        let mut events = Events::with_capacity(1024);
        match self.poll.poll(&mut events, Some(next.saturating_duration_since(Instant::now()))) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            other => other?,
        }
        for event in &events {
            self.participants[event.token().0].readable(&mut self.buffer)?;
        }
        Ok(())
    }

    fn pass_on(&mut self, index: usize) -> anyhow::Result<()> {
        while let Some((index, description)) = self.participants[index].said.pop_front() {
            self.say.try_send(Say::Describe { index, description })?;
        }
        Ok(())
    }

    /// Media packets that came to everybody so far.
    pub fn received(&self) -> u64 {
        self.participants.iter().map(|p| p.received).sum()
    }

    /// Takes the delays that were measured since the last call, sorted.
    pub fn take_delays(&mut self) -> Vec<Duration> {
        let mut all: Vec<Duration> = self.participants.iter_mut().flat_map(|p| std::mem::take(&mut p.delays)).collect();
        all.sort_unstable();
        all
    }
}
