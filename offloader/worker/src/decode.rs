//! Any sound or video file to the samples that speech recognition wants: 16 kHz, mono, f32.

use ffmpeg::software::resampling;
use ffmpeg::util::format::sample::{Sample, Type};
use ffmpeg_next as ffmpeg;
use std::path::Path;

/// Why a file gives no sound.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Not a file that ffmpeg knows, or damaged.
    #[error("{what}: {source}")]
    Ffmpeg { what: &'static str, source: ffmpeg::Error },
    /// There is no sound track.
    #[error("the file has no sound")]
    Silent,
    /// Longer than allowed.
    #[error("the sound is longer than {0} seconds")]
    TooLong(u64),
}

/// Decodes the best sound track of a file, at most `longest` seconds of it.
///
/// # Errors
/// [`DecodeError`]. Damaged packets inside a file are skipped.
pub fn decode(path: &Path, longest: u64) -> Result<Vec<f32>, DecodeError> {
    let failed = |what| move |source| DecodeError::Ffmpeg { what, source };
    ffmpeg::init().map_err(failed("starting libavformat"))?;
    ffmpeg::log::set_level(ffmpeg::log::Level::Fatal);
    let mut input = ffmpeg::format::input(path).map_err(failed("the file is no sound or video file"))?;
    let stream = input.streams().best(ffmpeg::media::Type::Audio).ok_or(DecodeError::Silent)?;
    let index = stream.index();
    let context = ffmpeg::codec::context::Context::from_parameters(stream.parameters());
    let context = context.map_err(failed("the sound track's header is damaged"))?;
    let mut decoder = context.decoder().audio().map_err(failed("the sound track's encoding is not known"))?;
    let mut sink = Sink { resampler: None, samples: vec![], most: longest as usize * 16_000, longest };
    for (stream, packet) in input.packets() {
        if stream.index() == index && decoder.send_packet(&packet).is_ok() {
            sink.receive(&mut decoder)?;
        }
    }
    // At the end of the file the decoder gives what it held back; a refusal means that there is nothing.
    if decoder.send_eof().is_ok() {
        sink.receive(&mut decoder)?;
    }
    sink.flush()?;
    Ok(sink.samples)
}

struct Sink {
    resampler: Option<resampling::Context>,
    samples: Vec<f32>,
    most: usize,
    longest: u64,
}

impl Sink {
    fn receive(&mut self, decoder: &mut ffmpeg::decoder::Audio) -> Result<(), DecodeError> {
        let mut frame = ffmpeg::frame::Audio::empty();
        while decoder.receive_frame(&mut frame).is_ok() {
            if frame.channel_layout().is_empty() {
                frame.set_channel_layout(ffmpeg::ChannelLayout::default(i32::from(frame.channels())));
            }
            let resampler = match &mut self.resampler {
                Some(resampler) => resampler,
                slot => {
                    let made = resampling::Context::get(
                        frame.format(),
                        frame.channel_layout(),
                        frame.rate(),
                        Sample::F32(Type::Packed),
                        ffmpeg::ChannelLayout::MONO,
                        16_000,
                    );
                    slot.insert(made.map_err(|source| DecodeError::Ffmpeg { what: "converting the sound", source })?)
                }
            };
            let mut out = ffmpeg::frame::Audio::empty();
            // A file whose layout changes midway keeps its first layout; the changed frames are left out.
            if resampler.run(&frame, &mut out).is_ok() {
                self.samples.extend_from_slice(out.plane::<f32>(0));
            }
            if self.samples.len() > self.most {
                return Err(DecodeError::TooLong(self.longest));
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), DecodeError> {
        let Some(resampler) = &mut self.resampler else { return Ok(()) };
        for _ in 0..16 {
            let mut out = ffmpeg::frame::Audio::new(Sample::F32(Type::Packed), 4096, ffmpeg::ChannelLayout::MONO);
            out.set_rate(16_000);
            match resampler.flush(&mut out) {
                Ok(Some(_)) => self.samples.extend_from_slice(out.plane::<f32>(0)),
                Ok(None) => {
                    self.samples.extend_from_slice(out.plane::<f32>(0));
                    break;
                }
                Err(_) => break,
            }
        }
        Ok(())
    }
}
