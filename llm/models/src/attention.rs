//! Causal attention of single rows over a paged cache.

use crate::cache::KvCache;

/// Sum of products, in eight lanes so that the compiler may use vector registers.
#[inline]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 8];
    let (mut a_chunks, mut b_chunks) = (a.chunks_exact(8), b.chunks_exact(8));
    for (x, y) in (&mut a_chunks).zip(&mut b_chunks) {
        for lane in 0..8 {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    let rest: f32 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(x, y)| x * y).sum();
    lanes.iter().sum::<f32>() + rest
}

/// Which head of which layer looks at how much.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) layer: usize,
    /// Key-value head.
    pub(crate) head: usize,
    /// Tokens that may be seen: the row's own position and everything before.
    pub(crate) tokens: usize,
}

/// One query head's weighted sum of values, written to `output`. `scores` is scratch.
pub(crate) fn attend(query: &[f32], cache: &KvCache, look: Look, scores: &mut Vec<f32>, output: &mut [f32]) {
    let dim = query.len();
    let scale = (dim as f32).sqrt().recip();
    scores.clear();
    for (keys, _) in cache.read(look.layer, look.head, look.tokens) {
        scores.extend(keys.chunks_exact(dim).map(|key| dot(query, key) * scale));
    }
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut total = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - highest).exp();
        total += *score;
    }
    output.fill(0.0);
    let mut weights = scores.iter();
    for (_, values) in cache.read(look.layer, look.head, look.tokens) {
        for (value, weight) in values.chunks_exact(dim).zip(&mut weights) {
            let weight = weight / total;
            for (o, v) in output.iter_mut().zip(value) {
                *o += weight * v;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_takes_every_element() {
        let a: Vec<f32> = (1..=19).map(|i| i as f32).collect();
        assert_eq!(dot(&a, &a), (1..=19).map(|i| (i * i) as f32).sum::<f32>());
    }

    #[test]
    fn attention_weighs_by_likeness() {
        let mut cache = KvCache::new(1, 1, 2);
        cache.reserve(70);
        for position in 0..70 {
            let key = if position == 66 { [100.0, 0.0] } else { [0.0, 0.0] };
            cache.write(0, position, &key, &[position as f32, 1.0]);
        }
        cache.advance(70);
        let mut out = [0.0; 2];
        attend(&[1.0, 0.0], &cache, Look { layer: 0, head: 0, tokens: 70 }, &mut Vec::new(), &mut out);
        assert!((out[0] - 66.0).abs() < 1e-3 && (out[1] - 1.0).abs() < 1e-5, "{out:?}");
        attend(&[1.0, 0.0], &cache, Look { layer: 0, head: 0, tokens: 3 }, &mut Vec::new(), &mut out);
        assert!((out[0] - 1.0).abs() < 1e-5, "three equal keys give the mean: {out:?}");
    }
}
