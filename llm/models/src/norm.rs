//! RMS normalisation and SwiGLU's gate, on plain rows.

use crate::pool::Pool;

/// Each row of `input` divided by its root mean square and scaled by `weight`.
pub(crate) fn rms(input: &[f32], weight: &[f32], epsilon: f32) -> Vec<f32> {
    let mut output = Vec::with_capacity(input.len());
    for row in input.chunks_exact(weight.len()) {
        let square: f32 = crate::attention::dot(row, row) / row.len() as f32;
        let scale = (square + epsilon).sqrt().recip();
        output.extend(row.iter().zip(weight).map(|(x, w)| x * scale * w));
    }
    output
}

/// `gate = silu(gate) * up`, element by element.
pub(crate) fn swiglu(pool: &Pool, gate: &mut [f32], up: &[f32]) {
    const UNIT: usize = 4096;
    let base = gate.as_mut_ptr() as usize;
    let len = gate.len().min(up.len());
    pool.run(len.div_ceil(UNIT), |units| {
        let (from, to) = (units.start * UNIT, (units.end * UNIT).min(len));
        // SAFETY: units are disjoint, so each element of `gate` belongs to one thread; `to` is within both slices.
        let part = unsafe { std::slice::from_raw_parts_mut((base as *mut f32).add(from), to - from) };
        for (g, u) in part.iter_mut().zip(&up[from..to]) {
            *g = *g / (1.0 + (-*g).exp()) * u;
        }
    });
}

/// `sum += addend`, element by element.
pub(crate) fn add(sum: &mut [f32], addend: &[f32]) {
    for (s, a) in sum.iter_mut().zip(addend) {
        *s += a;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rms_of_a_constant_row_is_the_weight() {
        let out = rms(&[3.0, 3.0, -2.0, -2.0], &[1.0, 0.5], 0.0);
        let expected = [1.0, 0.5, -1.0, -0.5];
        assert!(out.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{out:?}");
    }

    #[test]
    fn swiglu_spans_units() {
        let n = 10_000;
        let mut gate = vec![2.0f32; n];
        swiglu(&Pool::new(2).unwrap(), &mut gate, &vec![3.0; n]);
        let expected = 2.0 / (1.0 + (-2.0f32).exp()) * 3.0;
        assert!(gate.iter().all(|g| (g - expected).abs() < 1e-6));
    }
}
