//! From logits to a token.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::HashMap;

/// How tokens are chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// 0 takes the likeliest token always.
    pub temperature: f32,
    /// The likeliest tokens that together have this share of probability may be chosen.
    pub top_p: f32,
    /// Makes choices repeatable.
    pub seed: u64,
    /// Taken from the logit of every token generated already.
    pub presence_penalty: f32,
    /// The same, times how often it was generated.
    pub frequency_penalty: f32,
}

/// Chooses the tokens of one sequence.
pub(crate) struct Sampler {
    sampling: Sampling,
    rng: StdRng,
    seen: HashMap<u32, u32>,
}

impl Sampler {
    pub(crate) fn new(sampling: Sampling) -> Self {
        Self { sampling, rng: StdRng::seed_from_u64(sampling.seed), seen: HashMap::new() }
    }

    /// The next token; `None` when there are no logits.
    pub(crate) fn choose(&mut self, logits: &mut [f32]) -> Option<u32> {
        let Sampling { temperature, top_p, presence_penalty, frequency_penalty, .. } = self.sampling;
        for (token, count) in &self.seen {
            if let Some(logit) = logits.get_mut(*token as usize) {
                *logit -= presence_penalty + frequency_penalty * *count as f32;
            }
        }
        let token = if temperature <= 0.0 {
            likeliest(logits)?
        } else {
            nucleus(logits, temperature, top_p, self.rng.random::<f32>())?
        };
        *self.seen.entry(token).or_default() += 1;
        Some(token)
    }
}

fn likeliest(logits: &[f32]) -> Option<u32> {
    let (mut best, mut at) = (f32::NEG_INFINITY, None);
    for (token, logit) in (0u32..).zip(logits) {
        if *logit > best {
            (best, at) = (*logit, Some(token));
        }
    }
    at
}

fn nucleus(logits: &[f32], temperature: f32, top_p: f32, point: f32) -> Option<u32> {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut weights: Vec<(u32, f32)> = (0u32..)
        .zip(logits.iter().map(|logit| ((logit - highest) / temperature).exp()))
        .filter(|(_, w)| *w > 1e-9)
        .collect();
    weights.sort_unstable_by(|a, b| b.1.total_cmp(&a.1));
    let total: f32 = weights.iter().map(|(_, weight)| weight).sum();
    let mut kept = 0.0;
    let mut count = 0;
    for (_, weight) in &weights {
        kept += weight;
        count += 1;
        if kept >= top_p * total {
            break;
        }
    }
    let mut left = point * kept;
    weights.truncate(count);
    for (token, weight) in &weights {
        left -= weight;
        if left <= 0.0 {
            return Some(*token);
        }
    }
    weights.last().map(|(token, _)| *token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampler(temperature: f32, top_p: f32, seed: u64) -> Sampler {
        Sampler::new(Sampling { temperature, top_p, seed, presence_penalty: 0.0, frequency_penalty: 0.0 })
    }

    #[test]
    fn greedy_takes_the_first_of_the_highest() {
        assert_eq!(sampler(0.0, 1.0, 1).choose(&mut [0.0, 3.0, 3.0, f32::NAN]), Some(1));
        assert_eq!(sampler(0.0, 1.0, 1).choose(&mut []), None);
    }

    #[test]
    fn a_seed_repeats_and_shares_follow_probability() {
        let draw = |seed| {
            let mut s = sampler(1.0, 1.0, seed);
            (0..400).filter_map(|_| s.choose(&mut [0.0, 3.0f32.ln()])).collect::<Vec<u32>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let ones = draw(7).iter().filter(|t| **t == 1).count();
        assert!((260..340).contains(&ones), "three quarters of 400, got {ones}");
    }

    #[test]
    fn top_p_leaves_the_tail_out_and_penalties_push_repeats_down() {
        let mut narrow = sampler(1.0, 0.5, 3);
        assert!((0..200).all(|_| narrow.choose(&mut [1.0, 3.0, 1.0]) == Some(1)));
        let mut s = Sampler::new(Sampling { presence_penalty: 2.0, ..sampler(0.0, 1.0, 0).sampling });
        assert_eq!((s.choose(&mut [1.0, 2.0]), s.choose(&mut [1.0, 2.0])), (Some(1), Some(0)));
    }
}
