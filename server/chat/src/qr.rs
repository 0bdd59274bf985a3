//! QR codes, for links and secrets that go from one screen to the camera of a phone.

use crate::{Error, Result};
use image::{ImageFormat, Luma};
use qrcode::{EcLevel, QrCode};
use std::io::Cursor;

/// Longest text that is drawn, bytes; longer codes are hard to read from a screen.
pub const MAX_TEXT: usize = 1024;
/// Pixels of the smallest square.
const MODULE: u32 = 6;

/// `text` as a QR code in a PNG.
///
/// # Errors
/// 400 when the text is too long.
pub fn png(text: &str) -> Result<Vec<u8>> {
    let wanted = || Error::invalid_param("text");
    if text.is_empty() || text.len() > MAX_TEXT {
        return Err(wanted());
    }
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| wanted())?;
    let picture = code.render::<Luma<u8>>().module_dimensions(MODULE, MODULE).build();
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, ImageFormat::Png).map_err(Error::internal)?;
    Ok(out.into_inner())
}

/// [`png`] in base64, as JSON answers carry it.
///
/// # Errors
/// 400 when the text is too long.
pub fn base64(text: &str) -> Result<String> {
    Ok(data_encoding::BASE64.encode(&png(text)?))
}
