//! What participants and the server say to each other beside media: one WebSocket for all, as a chat server has it.

use rtcd_client::signal::{Description, ScreenOn};
use rtcd_client::{Client, Config, Event, Join, Message, RtcKind, RtcMessage};
use std::sync::mpsc;

/// What the media thread wants said.
#[derive(Debug)]
pub enum Say {
    Join { index: usize, call: usize },
    Describe { index: usize, description: Description },
    Unmute { index: usize },
    ScreenOn { index: usize, stream: String },
}

/// What the server said.
#[derive(Debug)]
pub enum Heard {
    /// A description or candidate for a participant.
    Signal { index: usize, data: Vec<u8> },
    /// A session is over.
    Closed { index: usize },
}

/// Messages that may wait in either direction.
pub const QUEUE: usize = 1 << 16;

/// Carries messages until `say` closes.
///
/// # Errors
/// When the server cannot be reached or the connection is lost.
pub async fn carry(
    config: Config,
    mut say: tokio::sync::mpsc::Receiver<Say>,
    heard: mpsc::SyncSender<Heard>,
) -> anyhow::Result<()> {
    let (client, mut events) = Client::connect(config).await?;
    loop {
        tokio::select! {
            wanted = say.recv() => match wanted {
                Some(wanted) => client.send(message(wanted)?).await?,
                None => return Ok(()),
            },
            event = events.recv() => match event {
                Some(Event::Message(Message::Rtc(rtc))) if [RtcKind::SDP, RtcKind::ICE].contains(&rtc.kind) => {
                    heard.try_send(Heard::Signal { index: rtc.session_id.parse()?, data: rtc.data.to_vec() })?;
                }
                Some(Event::Message(Message::Close { session_id })) => {
                    heard.try_send(Heard::Closed { index: session_id.parse()? })?;
                }
                Some(Event::Lost { reason }) => anyhow::bail!("the connection to the server is lost: {reason}"),
                Some(_) => {}
                None => anyhow::bail!("the client stopped"),
            },
        }
    }
}

fn message(say: Say) -> anyhow::Result<Message> {
    let session = |index: usize| format!("{index:026}");
    let rtc = |index, kind, data: Vec<u8>| Message::Rtc(RtcMessage::new(session(index), kind, data));
    Ok(match say {
        Say::Join { index, call } => Message::Join(Join {
            call_id: format!("{call:026}"),
            user_id: session(index),
            session_id: session(index),
            channel_id: format!("{call:026}"),
            ..Join::default()
        }),
        Say::Describe { index, description } => rtc(index, RtcKind::SDP, serde_json::to_vec(&description)?),
        Say::Unmute { index } => rtc(index, RtcKind::UNMUTE, Vec::new()),
        Say::ScreenOn { index, stream } => {
            rtc(index, RtcKind::SCREEN_ON, serde_json::to_vec(&ScreenOn { screen_stream_id: stream })?)
        }
    })
}
