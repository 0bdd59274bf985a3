//! The mel filter bank that Whisper was trained with: 16 kHz, 400-point transform, Slaney scale and normalisation
//! (as librosa computes it); whisper.cpp reads it from the model file.

const SAMPLE_RATE: f64 = 16_000.0;
const FFT: usize = 400;
/// Hertz per mel below 1 kHz.
const LINEAR: f64 = 200.0 / 3.0;

fn mel(hertz: f64) -> f64 {
    if hertz < 1000.0 { hertz / LINEAR } else { 15.0 + (hertz / 1000.0).ln() / (6.4f64.ln() / 27.0) }
}

fn hertz(mel: f64) -> f64 {
    if mel < 15.0 { mel * LINEAR } else { 1000.0 * (6.4f64.ln() / 27.0 * (mel - 15.0)).exp() }
}

/// `count` filters over the 201 bins of the transform, row-major.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "small counts; the file holds f32")]
pub fn filters(count: usize) -> Vec<f32> {
    let bins = FFT / 2 + 1;
    let top = mel(SAMPLE_RATE / 2.0);
    let points: Vec<f64> = (0..count + 2).map(|i| hertz(top * i as f64 / (count + 1) as f64)).collect();
    let mut out = Vec::with_capacity(count * bins);
    for i in 0..count {
        let (low, mid, high) = (points[i], points[i + 1], points[i + 2]);
        for bin in 0..bins {
            let f = SAMPLE_RATE / 2.0 * bin as f64 / (bins - 1) as f64;
            let weight = ((f - low) / (mid - low)).min((high - f) / (high - mid)).max(0.0);
            out.push((weight * 2.0 / (high - low)) as f32);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_filter_is_a_triangle_on_a_rising_centre() {
        let filters = super::filters(80);
        assert_eq!(filters.len(), 80 * 201);
        let peaks: Vec<usize> = filters
            .chunks(201)
            .map(|f| f.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(i, _)| i).unwrap())
            .collect();
        assert!(peaks.windows(2).all(|w| w[0] <= w[1]), "{peaks:?}");
        assert!(filters.iter().all(|w| (0.0..0.1).contains(w)));
        // Known value of the published bank: first filter, second bin.
        assert!((filters[1] - 0.024_86).abs() < 1e-4, "{}", filters[1]);
    }
}
