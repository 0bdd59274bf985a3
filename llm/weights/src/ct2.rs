//! Reading CTranslate2's `model.bin` (version 6): a list of named float16 tensors.

use anyhow::{Context, bail, ensure};
use std::collections::BTreeMap;

/// One tensor, row-major, as 16-bit floats.
pub struct Tensor {
    pub shape: Vec<usize>,
    pub values: Vec<half::f16>,
}

/// All tensors of a model.
pub struct Weights(BTreeMap<String, Tensor>);

/// CTranslate2's number for float16.
const FLOAT16: u8 = 4;
const FLOAT32: u8 = 0;

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, n: usize) -> anyhow::Result<&'a [u8]> {
        ensure!(self.0.len() >= n, "the file ends early");
        let (head, tail) = self.0.split_at(n);
        self.0 = tail;
        Ok(head)
    }

    fn u8(&mut self) -> anyhow::Result<u8> {
        Ok(self.take(1)?[0])
    }

    fn u16(&mut self) -> anyhow::Result<u16> {
        Ok(u16::from_le_bytes(self.take(2)?.try_into()?))
    }

    fn u32(&mut self) -> anyhow::Result<u32> {
        Ok(u32::from_le_bytes(self.take(4)?.try_into()?))
    }

    /// A zero-terminated string with its length before it.
    fn text(&mut self) -> anyhow::Result<String> {
        let n = usize::from(self.u16()?);
        let bytes = self.take(n)?;
        Ok(String::from_utf8(bytes.strip_suffix(&[0]).unwrap_or(bytes).to_vec())?)
    }
}

impl Weights {
    /// Reads the whole file.
    ///
    /// # Errors
    /// When the file is no CTranslate2 model of version 6, is cut off, or holds other than floats.
    pub fn read(bytes: &[u8]) -> anyhow::Result<Self> {
        let mut file = Cursor(bytes);
        let version = file.u32()?;
        ensure!(version == 6, "CTranslate2 version {version}, and 6 is known");
        let spec = file.text()?;
        ensure!(spec == "WhisperSpec", "a {spec} model, and WhisperSpec is wanted");
        file.u32()?; // revision of the spec
        let count = file.u32()?;
        let mut tensors = BTreeMap::new();
        for _ in 0..count {
            let name = file.text()?;
            let rank = usize::from(file.u8()?);
            let shape: Vec<usize> = (0..rank).map(|_| Ok(file.u32()? as usize)).collect::<anyhow::Result<_>>()?;
            let kind = file.u8()?;
            let length = file.u32()? as usize;
            let raw = file.take(length)?;
            if let Some(values) = floats(kind, raw) {
                let cells = shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d));
                ensure!(cells == Some(values.len()), "{name}: shape and length differ");
                tensors.insert(name, Tensor { shape, values });
            }
        }
        Ok(Self(tensors))
    }

    /// The tensor `name`.
    ///
    /// # Errors
    /// When the model has none.
    pub fn get(&self, name: &str) -> anyhow::Result<&Tensor> {
        self.0.get(name).with_context(|| format!("the model has no {name}"))
    }

    /// How many layers the encoder or decoder has.
    pub fn layers(&self, side: &str) -> usize {
        (0..).take_while(|i| self.0.contains_key(&format!("{side}/layer_{i}/ffn/linear_0/weight"))).count()
    }
}

/// Floats as float16; other kinds (flags and counts) are not needed and skipped.
fn floats(kind: u8, raw: &[u8]) -> Option<Vec<half::f16>> {
    match kind {
        FLOAT16 => Some(raw.chunks_exact(2).map(|b| half::f16::from_le_bytes([b[0], b[1]])).collect()),
        FLOAT32 => {
            let value = |b: &[u8]| half::f16::from_f32(f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            Some(raw.chunks_exact(4).map(value).collect())
        }
        _ => None,
    }
}

impl Tensor {
    /// Cuts the first dimension into `n` equal parts and gives part `i`.
    ///
    /// # Errors
    /// When it cannot be cut so.
    pub fn part(&self, i: usize, n: usize) -> anyhow::Result<Self> {
        let rows = *self.shape.first().context("a scalar has no parts")?;
        if n == 0 || rows % n != 0 || i >= n {
            bail!("{rows} rows cannot be cut into {n}");
        }
        let size = self.values.len() / n;
        let mut shape = self.shape.clone();
        shape[0] = rows / n;
        Ok(Self { shape, values: self.values[i * size..(i + 1) * size].to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(tensors: &[(&str, &[u32], &[f32])]) -> Vec<u8> {
        let text = |s: &str| {
            let mut out = u16::try_from(s.len() + 1).unwrap().to_le_bytes().to_vec();
            out.extend(s.bytes());
            out.push(0);
            out
        };
        let mut out = 6u32.to_le_bytes().to_vec();
        out.extend(text("WhisperSpec"));
        out.extend(3u32.to_le_bytes());
        out.extend(u32::try_from(tensors.len()).unwrap().to_le_bytes());
        for (name, shape, values) in tensors {
            out.extend(text(name));
            out.push(u8::try_from(shape.len()).unwrap());
            out.extend(shape.iter().flat_map(|d| d.to_le_bytes()));
            out.push(FLOAT16);
            out.extend(u32::try_from(values.len() * 2).unwrap().to_le_bytes());
            out.extend(values.iter().flat_map(|v| half::f16::from_f32(*v).to_le_bytes()));
        }
        out
    }

    #[test]
    fn tensors_are_read_and_cut() {
        let weights = Weights::read(&file(&[("a", &[4, 1], &[1.0, 2.0, 3.0, 4.0])])).unwrap();
        let second = weights.get("a").unwrap().part(1, 2).unwrap();
        assert_eq!((second.shape.as_slice(), second.values[0].to_f32()), ([2, 1].as_slice(), 3.0));
        assert!(weights.get("b").is_err());
        assert!(weights.get("a").unwrap().part(0, 3).is_err());
    }

    proptest! {
        #[test]
        fn a_damaged_file_is_an_error_and_no_panic(cut in 0usize..60, flip in 0usize..60, to: u8) {
            let mut bytes = file(&[("a", &[2, 2], &[1.0, 2.0, 3.0, 4.0])]);
            let flip = flip % bytes.len();
            bytes[flip] = to;
            bytes.truncate(bytes.len().saturating_sub(cut));
            drop(Weights::read(&bytes));
        }
    }
}
