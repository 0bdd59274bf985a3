//! A chat server with one call in it: WebSocket, bot API and an SFU of one str0m peer for each worker that joins.

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::Read;
use std::net::UdpSocket as StdUdp;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::format::Codec;
use str0m::media::{Direction, Frequency, MediaKind, MediaTime, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};
use tokio::net::UdpSocket;

pub const CHANNEL: &str = "channelchannelchannelchann";
pub const SPEAKER: &str = "speakerspeakerspeakerspeak";
pub const TOKEN: &str = "bot-token";
const BOT: &str = "botbotbotbotbotbotbotbotbo";

/// How long a worker that joins hears the reader before its job is stopped.
#[derive(Clone, Copy)]
pub struct Play {
    seconds: f64,
}

impl Play {
    pub fn seconds(seconds: f64) -> Self {
        Self { seconds }
    }

    pub fn for_ever() -> Self {
        Self { seconds: f64::INFINITY }
    }
}

/// What the workers did.
#[derive(Clone, Default)]
pub struct Seen {
    pub statuses: Vec<Value>,
    pub uploads: Vec<(String, Vec<u8>)>,
    pub recordings: Vec<Value>,
    pub transcriptions: Vec<Value>,
    /// Seconds of media played before, and the caption.
    pub captions: Vec<(f64, Value)>,
    /// Seconds of media played to the newest worker.
    pub played: f64,
}

#[derive(Clone)]
struct App {
    seen: Arc<Mutex<Seen>>,
    plays: Arc<Mutex<VecDeque<Play>>>,
}

pub struct Site {
    pub url: String,
    seen: Arc<Mutex<Seen>>,
}

impl Site {
    pub async fn start(plays: Vec<Play>) -> Self {
        let app = App { seen: Arc::default(), plays: Arc::new(Mutex::new(plays.into())) };
        let seen = Arc::clone(&app.seen);
        let bot = "/plugins/com.mattermost.calls/bot";
        let router = Router::new()
            .route("/api/v4/websocket", get(websocket))
            .route(&format!("{bot}/calls/{{ch}}/sessions/{{sid}}/profile"), get(profile))
            .route(
                &format!("{bot}/calls/{{ch}}/filename"),
                get(|| async { Json(json!({"filename": "Call_Town_Square"})) }),
            )
            .route(&format!("{bot}/uploads"), post(create_upload))
            .route(&format!("{bot}/uploads/{{id}}"), post(upload).get(upload_state))
            .route(&format!("{bot}/calls/{{ch}}/{{what}}"), post(hand_in))
            .route(&format!("{bot}/calls/{{ch}}/jobs/{{id}}/status"), post(status))
            .layer(axum::extract::DefaultBodyLimit::max(64 << 20))
            .with_state(app);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, seen }
    }

    pub fn seen(&self) -> Seen {
        self.seen.lock().unwrap().clone()
    }

    pub async fn wait_for_media(&self, seconds: f64) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.seen.lock().unwrap().played < seconds {
            assert!(Instant::now() < deadline, "no media within a minute");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn authorised(headers: &HeaderMap) -> bool {
    headers.get("authorization").is_some_and(|h| h == &format!("Bearer {TOKEN}"))
}

async fn profile(headers: HeaderMap, Path((channel, session)): Path<(String, String)>) -> impl IntoResponse {
    if !authorised(&headers) || channel != CHANNEL || session != SPEAKER {
        return StatusCode::FORBIDDEN.into_response();
    }
    Json(json!({"id": "useruseruseruseruseruserus", "username": "ada", "first_name": "Ada", "last_name": "Lovelace"}))
        .into_response()
}

async fn create_upload(State(app): State<App>, Json(body): Json<Value>) -> Json<Value> {
    let mut seen = app.seen.lock().unwrap();
    seen.uploads.push((body["filename"].as_str().unwrap().to_owned(), vec![]));
    Json(json!({ "id": format!("{}", seen.uploads.len()), "file_size": body["file_size"], "file_offset": 0 }))
}

async fn upload_state(State(app): State<App>, Path(id): Path<usize>) -> Json<Value> {
    let seen = app.seen.lock().unwrap();
    Json(json!({ "id": id.to_string(), "file_offset": seen.uploads[id - 1].1.len() }))
}

/// The first delivery of each file is cut in half, as a server with a smaller limit would.
async fn upload(State(app): State<App>, Path(id): Path<usize>, body: Bytes) -> impl IntoResponse {
    let mut seen = app.seen.lock().unwrap();
    let file = &mut seen.uploads[id - 1].1;
    if file.is_empty() && body.len() > 1 {
        file.extend_from_slice(&body[..body.len() / 2]);
        return StatusCode::NO_CONTENT.into_response();
    }
    file.extend_from_slice(&body);
    Json(json!({ "id": format!("file{id}") })).into_response()
}

async fn hand_in(
    State(app): State<App>,
    Path((_, what)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> Json<Value> {
    let mut seen = app.seen.lock().unwrap();
    match what.as_str() {
        "recordings" => seen.recordings.push(body),
        "transcriptions" => seen.transcriptions.push(body),
        other => panic!("unexpected {other}"),
    }
    Json(json!({}))
}

async fn status(State(app): State<App>, headers: HeaderMap, Json(body): Json<Value>) -> impl IntoResponse {
    if !authorised(&headers) {
        return StatusCode::FORBIDDEN;
    }
    app.seen.lock().unwrap().statuses.push(body);
    StatusCode::OK
}

async fn websocket(State(app): State<App>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> impl IntoResponse {
    if !authorised(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    upgrade.on_upgrade(move |socket| async move {
        if let Err(error) = Room::new(app, socket).await.run().await {
            println!("stand-in: {error}");
        }
    })
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// One worker's connection and the media it is sent.
struct Room {
    app: App,
    socket: WebSocket,
    udp: UdpSocket,
    rtc: Option<Rtc>,
    pending: Option<SdpPendingOffer>,
    mids: Option<(Mid, Mid)>,
    playing: Option<Instant>,
    play: Play,
    voice: Vec<Vec<u8>>,
    screen: Vec<Vec<u8>>,
    sent: (usize, usize),
    job: String,
}

impl Room {
    async fn new(app: App, socket: WebSocket) -> Self {
        let play = app.plays.lock().unwrap().pop_front().expect("no further worker is expected");
        app.seen.lock().unwrap().played = 0.0;
        let udp = StdUdp::bind("127.0.0.1:0").unwrap();
        udp.set_nonblocking(true).unwrap();
        Self {
            app,
            socket,
            udp: UdpSocket::from_std(udp).unwrap(),
            rtc: None,
            pending: None,
            mids: None,
            playing: None,
            play,
            voice: reader(),
            screen: screen(),
            sent: (0, 0),
            job: String::new(),
        }
    }

    async fn event(&mut self, name: &str, data: Value) -> Result<(), Failure> {
        let event = json!({ "event": name, "data": data, "broadcast": {}, "seq": 1 });
        Ok(self.socket.send(Message::text(event.to_string())).await?)
    }

    async fn calls(&mut self, name: &str, data: Value) -> Result<(), Failure> {
        self.event(&format!("custom_com.mattermost.calls_{name}"), data).await
    }

    async fn run(mut self) -> Result<(), Failure> {
        self.event("hello", json!({ "connection_id": BOT })).await?;
        let mut tick = tokio::time::interval(Duration::from_millis(5));
        let mut buffer = vec![0; 2048];
        loop {
            tokio::select! {
                message = self.socket.recv() => match message {
                    Some(Ok(Message::Text(text))) => self.action(serde_json::from_str(&text)?).await?,
                    Some(Ok(Message::Binary(bytes))) => self.description(&bytes).await?,
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return Ok(()),
                },
                received = self.udp.recv_from(&mut buffer) => {
                    let (n, source) = received?;
                    let destination = self.udp.local_addr()?;
                    if let (Some(rtc), Ok(contents)) = (&mut self.rtc, buffer[..n].try_into()) {
                        let receive = Receive { proto: Protocol::Udp, source, destination, contents };
                        rtc.handle_input(Input::Receive(Instant::now(), receive))?;
                    }
                }
                _ = tick.tick() => {
                    if let Some(rtc) = &mut self.rtc {
                        rtc.handle_input(Input::Timeout(Instant::now()))?;
                    }
                    self.media().await?;
                }
            }
            self.drain().await?;
        }
    }

    async fn action(&mut self, request: Value) -> Result<(), Failure> {
        let data = request["data"].clone();
        match request["action"].as_str().unwrap_or_default() {
            "custom_com.mattermost.calls_join" => {
                assert_eq!(data["channelID"], CHANNEL);
                self.job = data["jobID"].as_str().unwrap().to_owned();
                let sessions = json!([{ "session_id": SPEAKER, "user_id": "u" }]);
                let call = json!({ "id": "c", "sessions": sessions }).to_string();
                self.calls("join", json!({ "connID": BOT })).await?;
                self.calls("call_state", json!({ "channel_id": CHANNEL, "call": call })).await?;
                let started = json!({ "type": "recording", "init_at": 1, "start_at": now_ms(), "end_at": 0 });
                self.calls("call_job_state", json!({ "callID": CHANNEL, "jobState": started })).await
            }
            "custom_com.mattermost.calls_caption" => {
                let mut seen = self.app.seen.lock().unwrap();
                let at = seen.played;
                seen.captions.push((at, data));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A binary frame: the `sdp` action.
    async fn description(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let frame: rmpv::Value = rmpv::decode::read_value(&mut &bytes[..])?;
        let packed = field(&field(&frame, "data"), "data");
        let mut text = String::new();
        flate2::read::ZlibDecoder::new(packed.as_slice().unwrap()).read_to_string(&mut text)?;
        let value: Value = serde_json::from_str(&text)?;
        let sdp = value["sdp"].as_str().unwrap();
        if value["type"] == "answer" {
            let pending = self.pending.take().expect("an answer follows an offer");
            let rtc = self.rtc.as_mut().expect("an answer follows an offer");
            rtc.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(sdp)?)?;
            self.playing = Some(Instant::now());
            return Ok(());
        }
        let mut rtc = RtcConfig::new().set_ice_lite(true).build(Instant::now());
        rtc.add_local_candidate(Candidate::host(self.udp.local_addr()?, "udp")?);
        let answer = rtc.sdp_api().accept_offer(SdpOffer::from_sdp_string(sdp)?)?;
        self.rtc = Some(rtc);
        let answer = json!({ "type": "answer", "sdp": answer.to_sdp_string() }).to_string();
        self.calls("signal", json!({ "data": answer, "connID": BOT })).await
    }

    async fn drain(&mut self) -> Result<(), Failure> {
        let mut opened = false;
        loop {
            let Some(rtc) = &mut self.rtc else { return Ok(()) };
            match rtc.poll_output()? {
                Output::Timeout(_) => break,
                Output::Transmit(t) => drop(self.udp.send_to(&t.contents, t.destination).await?),
                Output::Event(Event::ChannelOpen(..)) => opened = true,
                Output::Event(_) => {}
            }
        }
        if opened && self.mids.is_none() {
            let rtc = self.rtc.as_mut().expect("a channel opened on it");
            let mut change = rtc.sdp_api();
            let mut add = |kind, id: &str| {
                let track = Some(format!("{id}_{SPEAKER}_abcdefgh"));
                change.add_media(kind, Direction::SendOnly, Some(SPEAKER.to_owned()), track, None)
            };
            self.mids = Some((add(MediaKind::Audio, "voice"), add(MediaKind::Video, "screen")));
            let (offer, pending) = change.apply().expect("two tracks are a change");
            self.pending = Some(pending);
            let offer = json!({ "type": "offer", "sdp": offer.to_sdp_string() }).to_string();
            self.calls("signal", json!({ "data": offer, "connID": BOT })).await?;
        }
        Ok(())
    }

    /// Sends what is due: a packet of the voice every 20 ms, a picture every 100 ms.
    async fn media(&mut self) -> Result<(), Failure> {
        let (Some(began), Some((audio, video))) = (self.playing, self.mids) else { return Ok(()) };
        let elapsed = began.elapsed().as_secs_f64();
        self.app.seen.lock().unwrap().played = elapsed;
        if elapsed > self.play.seconds {
            self.playing = None;
            let job_id = self.job.clone();
            return self.calls("job_stop", json!({ "job_id": job_id })).await;
        }
        while (self.sent.0 as f64) * 0.02 <= elapsed {
            let packet = self.voice[self.sent.0 % self.voice.len()].clone();
            self.write(
                audio,
                Codec::Opus,
                MediaTime::new(self.sent.0 as u64 * 960, Frequency::FORTY_EIGHT_KHZ),
                packet,
            )?;
            self.sent.0 += 1;
            self.drain().await?;
        }
        while (self.sent.1 as f64) * 0.1 <= elapsed {
            let picture = self.screen[self.sent.1 % self.screen.len()].clone();
            self.write(video, Codec::Vp8, MediaTime::from_90khz(self.sent.1 as u64 * 9000), picture)?;
            self.sent.1 += 1;
            self.drain().await?;
        }
        Ok(())
    }

    fn write(&mut self, mid: Mid, codec: Codec, time: MediaTime, data: Vec<u8>) -> Result<(), Failure> {
        let rtc = self.rtc.as_mut().expect("media follows negotiation");
        let writer = rtc.writer(mid).expect("the track is negotiated");
        let pt = writer.payload_params().find(|p| p.spec().codec == codec).expect("the codec is negotiated").pt();
        Ok(writer.write(pt, Instant::now(), time, data)?)
    }
}

fn field(value: &rmpv::Value, key: &str) -> rmpv::Value {
    let map = value.as_map().expect("a map");
    map.iter().find(|(k, _)| k.as_str() == Some(key)).map(|(_, v)| v.clone()).expect("the field is there")
}

fn now_ms() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis()
}

/// The reader of the speech crate's tests as Opus packets of 20 ms.
fn reader() -> Vec<Vec<u8>> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../speech/tests/data/two_cities.wav");
    let bytes = std::fs::read(path).unwrap();
    let samples: Vec<i16> = bytes[44..].chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
    let mut encoder = opus::Encoder::new(16_000, opus::Channels::Mono, opus::Application::Voip).unwrap();
    samples.chunks_exact(320).map(|c| encoder.encode_vec(c, 1000).unwrap()).collect()
}

/// Ten pictures a second of a moving test image as VP8, a key frame first and then every three seconds.
fn screen() -> Vec<Vec<u8>> {
    let run = std::process::Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x180:rate=10:duration=6"])
        .args([
            "-c:v",
            "libvpx",
            "-deadline",
            "realtime",
            "-b:v",
            "300k",
            "-g",
            "30",
            "-auto-alt-ref",
            "0",
            "-f",
            "ivf",
            "-",
        ])
        .output()
        .expect("ffmpeg is installed");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let (mut rest, mut pictures) = (&run.stdout[32..], vec![]);
    while rest.len() >= 12 {
        let length = u32::from_le_bytes(rest[..4].try_into().unwrap()) as usize;
        pictures.push(rest[12..12 + length].to_vec());
        rest = &rest[12 + length..];
    }
    pictures
}
