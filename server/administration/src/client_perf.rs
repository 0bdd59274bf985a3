//! POST /client_perf: what clients measure of themselves goes into the server's metrics.

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use chat::{Actor, Error, Json, Result, Site, features};
use operations::metrics::{ClientSample, Metrics};
use serde::Deserialize;
use std::collections::BTreeMap;
use wire::StatusOk;

/// Most measurements in one report.
const MOST: usize = 1000;
/// Names of what official clients measure; others are counted under `other`, so that no client makes series.
const KNOWN: [&str; 26] = [
    "TTFB",
    "TTLB",
    "FCP",
    "LCP",
    "INP",
    "CLS",
    "dom_interactive",
    "splash_screen",
    "page_load",
    "channel_switch",
    "team_switch",
    "rhs_load",
    "global_threads_load",
    "long_tasks",
    "component_render",
    "mobile_load",
    "mobile_channel_switch",
    "mobile_team_switch",
    "mobile_network_requests_average_speed",
    "mobile_network_requests_effective_latency",
    "mobile_network_requests_elapsed_time",
    "mobile_network_requests_latency",
    "mobile_network_requests_total_requests",
    "mobile_network_requests_total_size",
    "mobile_network_requests_total_parallel_requests",
    "mobile_network_requests_total_sequential_requests",
];
const PLATFORMS: [&str; 7] = ["linux", "macos", "ios", "android", "windows", "ipad", "other"];
const AGENTS: [&str; 8] = ["desktop", "firefox", "chrome", "safari", "edge", "native", "mobile", "other"];

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new().route("/client_perf", post(take))
}

/// A report of one client over a while. Times are Unix milliseconds.
#[derive(Debug, Deserialize)]
struct Measured {
    #[serde(default)]
    version: String,
    #[serde(default)]
    start: f64,
    #[serde(default)]
    end: f64,
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
    #[serde(default)]
    counters: Option<Vec<Sample>>,
    #[serde(default)]
    histograms: Option<Vec<Sample>>,
}

#[derive(Debug, Deserialize)]
struct Sample {
    metric: String,
    value: f64,
}

/// One of `known`, or `other`.
fn bounded(text: &str, known: &[&'static str]) -> &'static str {
    known.iter().find(|k| **k == text).copied().unwrap_or("other")
}

impl Measured {
    fn check(&self) -> Result<()> {
        if self.version.split('.').next() != Some("0") {
            return Err(Error::invalid_body("version", "0.1.0 is wanted"));
        }
        if self.end < self.start {
            return Err(Error::invalid_body("end", "it cannot be before the start"));
        }
        let count = self.counters.as_ref().map_or(0, Vec::len) + self.histograms.as_ref().map_or(0, Vec::len);
        if count > MOST {
            return Err(Error::invalid_body("histograms", &format!("at most {MOST} measurements are wanted")));
        }
        Ok(())
    }

    fn samples(&self) -> impl Iterator<Item = ClientSample> {
        let label = |name: &str| self.labels.as_ref().and_then(|l| l.get(name)).map_or("", String::as_str);
        let (platform, agent) = (bounded(label("platform"), &PLATFORMS), bounded(label("agent"), &AGENTS));
        let sample = move |s: &Sample, counter: bool| ClientSample {
            name: bounded(&s.metric, &KNOWN),
            platform,
            agent,
            counter,
            value: s.value,
        };
        let counters = self.counters.iter().flatten().map(move |s| sample(s, true));
        counters.chain(self.histograms.iter().flatten().map(move |s| sample(s, false)))
    }
}

async fn take(State(site): State<Site>, _: Actor, Json(measured): Json<Measured>) -> Result<Json<StatusOk>> {
    if !site.config().features.client_metrics {
        return Err(features::off("api.metrics.client_disabled.app_error", "Measuring clients"));
    }
    measured.check()?;
    if let Some(metrics) = site.kept::<Metrics>() {
        for sample in measured.samples().filter(|s| s.value.is_finite() && s.value >= 0.0) {
            metrics.client(&sample);
        }
    }
    Ok(Json(StatusOk::default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_that_clients_make_up_are_one_series() {
        let measured: Measured = serde_json::from_value(json!({"version": "0.1.0", "start": 1, "end": 2.5,
            "labels": {"platform": "plan9", "agent": "firefox"}, "counters": [{"metric": "long_tasks", "value": 3}],
            "histograms": [{"metric": "my_own_42", "value": 7}, {"metric": "LCP", "value": 900.5}]}))
        .unwrap();
        measured.check().unwrap();
        let seen: Vec<_> = measured.samples().map(|s| (s.name, s.platform, s.agent, s.counter)).collect();
        assert_eq!(
            seen,
            [
                ("long_tasks", "other", "firefox", true),
                ("other", "other", "firefox", false),
                ("LCP", "other", "firefox", false)
            ]
        );
        let wrong: Measured = serde_json::from_value(json!({"version": "0.1.0", "start": 3, "end": 2})).unwrap();
        assert!(wrong.check().is_err());
    }
}
