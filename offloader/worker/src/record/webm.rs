//! Writing WebM with libavformat: one Opus track, and one VP8 track when a screen was shared. The encoded data passes
//! through; the file gets its duration and an index, so browsers can seek.

use ffmpeg::ffi;
use ffmpeg_next as ffmpeg;
use std::path::Path;

/// Why the file cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WebmError {
    /// libavformat refuses.
    #[error("{what}: {source}")]
    Ffmpeg { what: &'static str, source: ffmpeg::Error },
    /// Memory is short.
    #[error("no memory for the header of the sound track")]
    Memory,
}

/// Size of a picture in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// An open file.
pub struct Webm {
    output: ffmpeg::format::context::Output,
    audio: usize,
    video: Option<usize>,
    last_video_ms: i64,
}

impl Webm {
    /// Begins a file with Opus of `channels` channels whose encoder delays by `preskip` samples, and with VP8 pictures
    /// of at most `video` if given. `comment` goes into the file's metadata.
    ///
    /// # Errors
    /// [`WebmError`].
    pub fn create(
        path: &Path,
        channels: u8,
        preskip: u16,
        video: Option<Size>,
        comment: &str,
    ) -> Result<Self, WebmError> {
        let failed = |what| move |source| WebmError::Ffmpeg { what, source };
        ffmpeg::init().map_err(failed("starting libavformat"))?;
        ffmpeg::log::set_level(ffmpeg::log::Level::Error);
        let mut output = ffmpeg::format::output_as(path, "webm").map_err(failed("creating the file"))?;
        let video = match video {
            Some(size) => Some(add_video(&mut output, size).map_err(failed("adding the picture track"))?),
            None => None,
        };
        let audio = add_audio(&mut output, channels, preskip)?;
        if !comment.is_empty() {
            let mut metadata = ffmpeg::Dictionary::new();
            metadata.set("comment", comment);
            output.set_metadata(metadata);
        }
        let mut options = ffmpeg::Dictionary::new();
        options.set("cues_to_front", "1");
        options.set("cluster_time_limit", "2000");
        output.write_header_with(options).map_err(failed("writing the header"))?;
        Ok(Self { output, audio, video, last_video_ms: -1 })
    }

    /// Appends an Opus packet; times in samples at 48 kHz.
    ///
    /// # Errors
    /// [`WebmError`], for example when the disk is full.
    pub fn audio(&mut self, position: i64, duration: i64, data: &[u8]) -> Result<(), WebmError> {
        let mut packet = ffmpeg::Packet::copy(data);
        packet.set_pts(Some(position));
        packet.set_dts(Some(position));
        packet.set_duration(duration);
        packet.set_flags(ffmpeg::packet::Flags::KEY);
        self.write(self.audio, ffmpeg::Rational(1, 48_000), packet)
    }

    /// Appends a VP8 picture at `ms` milliseconds; ignored in a file without pictures.
    ///
    /// # Errors
    /// [`WebmError`], for example when the disk is full.
    pub fn video(&mut self, ms: i64, keyframe: bool, data: &[u8]) -> Result<(), WebmError> {
        let Some(stream) = self.video else { return Ok(()) };
        // Two pictures in one millisecond would share a time, which players do not like.
        let ms = ms.max(self.last_video_ms + 1);
        self.last_video_ms = ms;
        let mut packet = ffmpeg::Packet::copy(data);
        packet.set_pts(Some(ms));
        packet.set_dts(Some(ms));
        if keyframe {
            packet.set_flags(ffmpeg::packet::Flags::KEY);
        }
        self.write(stream, ffmpeg::Rational(1, 1000), packet)
    }

    fn write(&mut self, stream: usize, base: ffmpeg::Rational, mut packet: ffmpeg::Packet) -> Result<(), WebmError> {
        let target = self.output.stream(stream).expect("because the stream was added at creation").time_base();
        packet.rescale_ts(base, target);
        packet.set_stream(stream);
        packet.set_position(-1);
        let written = packet.write_interleaved(&mut self.output);
        written.map_err(|source| WebmError::Ffmpeg { what: "writing a packet", source })
    }

    /// Writes duration and index.
    ///
    /// # Errors
    /// [`WebmError`], for example when the disk is full.
    pub fn finish(mut self) -> Result<(), WebmError> {
        self.output.write_trailer().map_err(|source| WebmError::Ffmpeg { what: "writing the index", source })
    }
}

fn add_video(output: &mut ffmpeg::format::context::Output, size: Size) -> Result<usize, ffmpeg::Error> {
    let mut stream = output.add_stream(ffmpeg::encoder::find(ffmpeg::codec::Id::None))?;
    stream.set_time_base((1, 1000));
    // SAFETY: the stream was made just now and nothing else refers to it; only plain fields are set.
    unsafe {
        let parameters = (*stream.as_mut_ptr()).codecpar;
        (*parameters).codec_type = ffi::AVMediaType::AVMEDIA_TYPE_VIDEO;
        (*parameters).codec_id = ffi::AVCodecID::AV_CODEC_ID_VP8;
        (*parameters).width = i32::from(size.width);
        (*parameters).height = i32::from(size.height);
    }
    Ok(stream.index())
}

fn add_audio(output: &mut ffmpeg::format::context::Output, channels: u8, preskip: u16) -> Result<usize, WebmError> {
    let added = output.add_stream(ffmpeg::encoder::find(ffmpeg::codec::Id::None));
    let mut stream = added.map_err(|source| WebmError::Ffmpeg { what: "adding the sound track", source })?;
    stream.set_time_base((1, 48_000));
    let head = opus_head(channels, preskip);
    let padded = head.len() + ffi::AV_INPUT_BUFFER_PADDING_SIZE as usize;
    // SAFETY: the stream was made just now and nothing else refers to it; `extradata` is allocated with libav's
    // allocator, as its owner will free it, and with the padding that its readers expect.
    unsafe {
        let parameters = (*stream.as_mut_ptr()).codecpar;
        let extradata = ffi::av_mallocz(padded).cast::<u8>();
        if extradata.is_null() {
            return Err(WebmError::Memory);
        }
        std::ptr::copy_nonoverlapping(head.as_ptr(), extradata, head.len());
        (*parameters).extradata = extradata;
        (*parameters).extradata_size = head.len() as i32;
        (*parameters).codec_type = ffi::AVMediaType::AVMEDIA_TYPE_AUDIO;
        (*parameters).codec_id = ffi::AVCodecID::AV_CODEC_ID_OPUS;
        (*parameters).sample_rate = 48_000;
        (*parameters).frame_size = 960;
        (*parameters).initial_padding = i32::from(preskip);
        ffi::av_channel_layout_default(&raw mut (*parameters).ch_layout, i32::from(channels));
    }
    Ok(stream.index())
}

/// The identification header of RFC 7845, which is also Matroska's CodecPrivate.
fn opus_head(channels: u8, preskip: u16) -> [u8; 19] {
    let mut head = [0; 19];
    head[..8].copy_from_slice(b"OpusHead");
    head[8] = 1;
    head[9] = channels;
    head[10..12].copy_from_slice(&preskip.to_le_bytes());
    head[12..16].copy_from_slice(&48_000u32.to_le_bytes());
    head
}

/// The size that a VP8 key frame states (RFC 6386, section 9.1); `None` for other data.
pub fn vp8_size(data: &[u8]) -> Option<Size> {
    let [tag, _, _, 0x9d, 0x01, 0x2a, w0, w1, h0, h1, ..] = *data else { return None };
    let size = Size { width: u16::from_le_bytes([w0, w1]) & 0x3fff, height: u16::from_le_bytes([h0, h1]) & 0x3fff };
    (tag & 1 == 0 && size.width > 0 && size.height > 0).then_some(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_key_frames_state_a_size() {
        let key = [0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01, 9, 9];
        assert_eq!(vp8_size(&key), Some(Size { width: 640, height: 360 }));
        let mut other = key;
        other[0] |= 1;
        assert_eq!(vp8_size(&other), None);
        assert_eq!(vp8_size(&key[..9]), None);
    }
}
