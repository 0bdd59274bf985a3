//! Rotary position embedding over adjacent pairs, as GGUF files of the llama architecture store their heads.

/// Angles per pair of a head; sines and cosines are computed for positions as they come, so no table of the whole
/// context is kept.
#[derive(Debug, Clone)]
pub(crate) struct Rope {
    frequencies: Vec<f32>,
}

impl Rope {
    /// `dims` numbers of each head are rotated; `factors` divide the frequencies (Llama 3's long contexts).
    pub(crate) fn new(dims: usize, base: f32, factors: Option<&[f32]>) -> Self {
        let frequency = |pair: usize| {
            let plain = base.powf(-((2 * pair) as f32) / dims as f32);
            plain / factors.and_then(|f| f.get(pair)).copied().unwrap_or(1.0)
        };
        Self { frequencies: (0..dims / 2).map(frequency).collect() }
    }

    /// Rotates every head in `row` (`row.len() / head` heads of `head` numbers) as it stands at `position`.
    pub(crate) fn rotate(&self, row: &mut [f32], head: usize, position: usize, scratch: &mut Vec<(f32, f32)>) {
        scratch.clear();
        scratch.extend(self.frequencies.iter().map(|f| (position as f32 * f).sin_cos()));
        for head in row.chunks_exact_mut(head) {
            for (pair, (sin, cos)) in head.chunks_exact_mut(2).zip(scratch.iter()) {
                let (a, b) = (pair[0], pair[1]);
                pair[0] = a * cos - b * sin;
                pair[1] = a * sin + b * cos;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Rope;

    #[test]
    fn products_depend_on_distance_only() {
        let rope = Rope::new(8, 10_000.0, None);
        let mut scratch = Vec::new();
        let mut at = |position: usize, seed: f32| {
            let mut row: Vec<f32> = (0..8).map(|i| (i as f32 * seed).sin()).collect();
            rope.rotate(&mut row, 8, position, &mut scratch);
            row
        };
        let near: f32 = at(7, 0.3).iter().zip(at(4, 0.7)).map(|(a, b)| a * b).sum();
        let far: f32 = at(107, 0.3).iter().zip(at(104, 0.7)).map(|(a, b)| a * b).sum();
        assert!((near - far).abs() < 1e-4, "{near} {far}");
        assert!((at(0, 0.3)[1] - 0.3f32.sin()).abs() < 1e-7);
    }
}
