//! How each participant's `Rtc` is set up: codecs, header extensions, ICE-lite, the shared certificate.

use crate::cipher;
use std::time::Instant;
use str0m::config::DtlsCert;
use str0m::format::{Codec, CodecConfig, CodecSpec, FormatParams, PayloadParams};
use str0m::media::Frequency;
use str0m::rtp::Extension;
use str0m::{Candidate, Rtc};

/// Payload types of Mattermost's rtcd, and of the retransmissions that it does not have.
const OPUS: u8 = 111;
const VP8: (u8, u8) = (96, 97);
const AV1: (u8, u8) = (45, 46);

/// A certificate for all participants of the process: making one costs more than a handshake.
pub(crate) fn certificate() -> Option<DtlsCert> {
    cipher::provider().dtls_provider.generate_certificate()
}

/// A participant's connection, answering ICE checks on `candidates`. ICE-lite leaves the controlling role to the
/// participant whatever offers are exchanged, which newer browsers otherwise give up when they answer an offer.
pub(crate) fn build(now: Instant, certificate: Option<&DtlsCert>, candidates: &[Candidate]) -> Rtc {
    let mut config = Rtc::builder()
        .set_crypto_provider(cipher::provider())
        .set_rtp_mode(true)
        .set_ice_lite(true)
        .set_stats_interval(None)
        .clear_extension_map()
        .set_extension(1, Extension::AudioLevel)
        .set_extension(3, Extension::TransportSequenceNumber)
        .set_extension(4, Extension::RtpMid)
        .set_extension(10, Extension::RtpStreamId)
        .set_extension(11, Extension::RepairedRtpStreamId);
    *config.codec_config() = CodecConfig::new_from_payload_params(codecs());
    if let Some(certificate) = certificate {
        config = config.set_dtls_cert(certificate.clone());
    }
    let mut rtc = config.build(now);
    for candidate in candidates {
        rtc.add_local_candidate(candidate.clone());
    }
    rtc
}

fn codecs() -> Vec<PayloadParams> {
    let opus = CodecSpec {
        codec: Codec::Opus,
        clock_rate: Frequency::FORTY_EIGHT_KHZ,
        channels: Some(2),
        format: FormatParams { min_p_time: Some(10), use_inband_fec: Some(true), ..FormatParams::default() },
    };
    let mut opus = PayloadParams::new(OPUS.into(), None, opus);
    // Listeners would report every voice packet, and nothing here estimates their bandwidth.
    opus.set_fb_transport_cc(false);
    let video = |(pt, resend): (u8, u8), codec| {
        let spec =
            CodecSpec { codec, clock_rate: Frequency::NINETY_KHZ, channels: None, format: FormatParams::default() };
        PayloadParams::new(pt.into(), Some(resend.into()), spec)
    };
    vec![opus, video(VP8, Codec::Vp8), video(AV1, Codec::Av1)]
}
