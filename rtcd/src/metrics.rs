//! Numbers for Prometheus, under the names of Mattermost's rtcd, so that its dashboards read them.

use crate::media::Measure;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use rtcd_sfu::Totals;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

/// Media type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const LATENCY: [f64; 14] = [0.001, 0.005, 0.0075, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0];
const LOSS: [f64; 12] = [0.001, 0.005, 0.0075, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0];

type Labels = Vec<(&'static str, String)>;
type Histograms = Family<Labels, Histogram, fn() -> Histogram>;

/// All metrics; clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Mutex<Registry>,
    connections: Family<Labels, Gauge>,
    messages: Family<Labels, Counter>,
    sessions: Family<Labels, Gauge>,
    tracks: Family<Labels, Gauge>,
    states: Family<Labels, Counter>,
    errors: Family<Labels, Counter>,
    connection_time: Histograms,
    channel_time: Histograms,
    locked_time: Histograms,
    loss_rate: Histograms,
    round_trip: Histograms,
    jitter: Histograms,
    packets_in: Gauge,
    packets_out: Gauge,
    process_seconds: Gauge<f64, AtomicU64>,
    process_memory: Gauge,
}

impl Metrics {
    /// Metrics at zero.
    pub fn new() -> Self {
        let latency: fn() -> Histogram = || Histogram::new(LATENCY);
        let loss: fn() -> Histogram = || Histogram::new(LOSS);
        let inner = Inner {
            registry: Mutex::default(),
            connections: Family::default(),
            messages: Family::default(),
            sessions: Family::default(),
            tracks: Family::default(),
            states: Family::default(),
            errors: Family::default(),
            connection_time: Family::new_with_constructor(latency),
            channel_time: Family::new_with_constructor(latency),
            locked_time: Family::new_with_constructor(latency),
            loss_rate: Family::new_with_constructor(loss),
            round_trip: Family::new_with_constructor(latency),
            jitter: Family::new_with_constructor(latency),
            packets_in: Gauge::default(),
            packets_out: Gauge::default(),
            process_seconds: Gauge::default(),
            process_memory: Gauge::default(),
        };
        let mut registry = Registry::with_prefix("rtcd");
        registry.register("ws_connections_total", "WebSocket connections of chat servers", inner.connections.clone());
        registry.register("ws_messages", "Messages of chat servers", inner.messages.clone());
        registry.register("rtc_sessions_total", "Participants", inner.sessions.clone());
        registry.register("rtc_rtp_tracks_total", "Tracks", inner.tracks.clone());
        registry.register("rtc_conn_states", "Changes of the state of connections", inner.states.clone());
        registry.register("rtc_errors", "Errors of participants", inner.errors.clone());
        registry.register("rtc_connection_time", "Seconds from join to media", inner.connection_time.clone());
        registry.register("rtc_dc_open_time", "Seconds from join to data channel", inner.channel_time.clone());
        registry.register("rtc_signaling_lock_locked_time", "Seconds of locks", inner.locked_time.clone());
        registry.register("rtc_client_loss_rate", "Share of packets lost", inner.loss_rate.clone());
        registry.register("rtc_client_rtt", "Seconds of a round trip", inner.round_trip.clone());
        registry.register("rtc_client_jitter", "Seconds of jitter", inner.jitter.clone());
        registry.register("rtc_packets_received", "RTP packets received since start", inner.packets_in.clone());
        registry.register("rtc_packets_sent", "RTP packets sent since start", inner.packets_out.clone());
        registry.register("process_cpu_seconds_total", "Processor time used", inner.process_seconds.clone());
        registry.register("process_resident_memory_bytes", "Memory in use", inner.process_memory.clone());
        *inner.registry.lock().unwrap_or_else(PoisonError::into_inner) = registry;
        Self(Arc::new(inner))
    }

    /// Connections of a client come (1) and go (-1).
    pub fn connections(&self, client: &str, change: i64) {
        self.0.connections.get_or_create(&vec![("clientID", client.to_owned())]).inc_by(change);
    }

    /// A message was taken (`in`) or queued (`out`). Kinds that are not known count as one.
    pub fn message(&self, client: &str, kind: &str, direction: &str) {
        let known = ["join", "leave", "rtc", "hello", "reconnect", "close", "vad"].contains(&kind);
        let kind = if known { kind } else { "unknown" };
        let labels =
            vec![("clientID", client.to_owned()), ("type", kind.to_owned()), ("direction", direction.to_owned())];
        self.0.messages.get_or_create(&labels).inc();
    }

    /// A session ended, at its own wish or not.
    pub fn closed(&self, failed: bool) {
        let state = if failed { "failed" } else { "closed" };
        self.0.states.get_or_create(&vec![("type", state.to_owned())]).inc();
    }

    /// Takes in a measure of a participant.
    pub fn measured(&self, group: &str, measure: Measure) {
        let labels = vec![("groupID", group.to_owned())];
        let (family, value) = match measure {
            Measure::ConnectionTime(time) => {
                self.0.states.get_or_create(&vec![("type", "connected".to_owned())]).inc();
                (&self.0.connection_time, time.as_secs_f64())
            }
            Measure::ChannelOpenTime(time) => (&self.0.channel_time, time.as_secs_f64()),
            Measure::Locked(time) => (&self.0.locked_time, time.as_secs_f64()),
            Measure::LossRate(x) => (&self.0.loss_rate, x),
            Measure::RoundTripTime(x) => (&self.0.round_trip, x),
            Measure::Jitter(x) => (&self.0.jitter, x),
            Measure::SignallingError => {
                let labels = vec![("groupID", group.to_owned()), ("type", "signaling".to_owned())];
                self.0.errors.get_or_create(&labels).inc();
                return;
            }
        };
        // Participants report what they like.
        if value.is_finite() && value >= 0.0 {
            family.get_or_create(&labels).observe(value);
        }
    }

    /// The text for a scrape.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn text(&self, totals: &Totals) -> Result<String, std::fmt::Error> {
        let inner = &self.0;
        inner.sessions.clear();
        for (group, count) in &totals.sessions {
            inner.sessions.get_or_create(&vec![("groupID", group.clone())]).set(whole(*count));
        }
        inner.tracks.clear();
        for ((group, _, mime), (incoming, outgoing)) in &totals.tracks {
            for (direction, count) in [("in", incoming), ("out", outgoing)] {
                let labels =
                    vec![("groupID", group.clone()), ("direction", direction.into()), ("type", (*mime).into())];
                inner.tracks.get_or_create(&labels).inc_by(whole(*count));
            }
        }
        inner.packets_in.set(i64::try_from(totals.packets_in).unwrap_or(i64::MAX));
        inner.packets_out.set(i64::try_from(totals.packets_out).unwrap_or(i64::MAX));
        inner.process_seconds.set(processor_seconds());
        inner.process_memory.set(resident_bytes());
        let mut text = String::new();
        encode(&mut text, &inner.registry.lock().unwrap_or_else(PoisonError::into_inner))?;
        Ok(text)
    }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Processor time of this process, in seconds; 0 when the system does not tell.
fn processor_seconds() -> f64 {
    use nix::sys::time::TimeValLike;
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF);
    usage.map_or(0.0, |u| (u.user_time() + u.system_time()).num_microseconds() as f64 / 1e6)
}

/// Memory of this process; 0 when the system does not tell.
fn resident_bytes() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    let kib = line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<i64>().ok());
    kib.unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtcd_sfu::TrackKind;

    #[test]
    fn names_are_those_of_the_original() {
        let metrics = Metrics::new();
        metrics.connections("site", 1);
        metrics.message("site", "join", "in");
        metrics.message("site", &"x".repeat(99), "in");
        metrics.measured("site", Measure::LossRate(0.02));
        metrics.measured("site", Measure::RoundTripTime(f64::NAN));
        metrics.closed(false);
        let totals = Totals {
            sessions: [("site".to_owned(), 2)].into(),
            tracks: [(("site".to_owned(), TrackKind::Voice, "audio/opus"), (1, 3))].into(),
            ..Totals::default()
        };
        let text = metrics.text(&totals).unwrap();
        for line in [
            r#"rtcd_ws_connections_total{clientID="site"} 1"#,
            r#"rtcd_ws_messages_total{clientID="site",type="join",direction="in"} 1"#,
            r#"rtcd_ws_messages_total{clientID="site",type="unknown",direction="in"} 1"#,
            r#"rtcd_rtc_sessions_total{groupID="site"} 2"#,
            r#"rtcd_rtc_rtp_tracks_total{groupID="site",direction="out",type="audio/opus"} 3"#,
            r#"rtcd_rtc_conn_states_total{type="closed"} 1"#,
            r#"rtcd_rtc_client_loss_rate_bucket{le="0.025",groupID="site"} 1"#,
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
        assert!(!text.contains("rtcd_rtc_client_rtt_bucket"));
        let memory = text.lines().find_map(|l| l.strip_prefix("rtcd_process_resident_memory_bytes ")).unwrap();
        assert!(memory.parse::<i64>().unwrap() > 1 << 20);
    }
}
