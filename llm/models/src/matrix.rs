//! Weight matrices, cut into parts of output rows so that the threads of a [`Pool`] share a multiplication.

use crate::ModelError;
use crate::pool::Pool;
use candle_core::quantized::{QMatMul, QStorage, QTensor};
use candle_core::{Device, Module, Storage, Tensor};
use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

/// Weights of one part: some microseconds of work, so that the last part is never long waited for.
const PART: usize = 1 << 17;
/// Candle's fastest kernels take output rows by this many.
const TILE: usize = 16;
/// Most parts of one matrix; each costs about a microsecond.
const MOST_PARTS: usize = 64;

/// A matrix of `rows` outputs by `columns` inputs.
pub(crate) struct Matrix {
    parts: Vec<QMatMul>,
    part_rows: usize,
    rows: usize,
    columns: usize,
}

impl Matrix {
    /// Cuts a matrix.
    ///
    /// # Errors
    /// When candle refuses the format.
    pub(crate) fn new(tensor: &QTensor) -> candle_core::Result<Self> {
        let (rows, columns) = tensor.shape().dims2()?;
        let part_rows = (PART / columns).max(rows.div_ceil(MOST_PARTS)).next_multiple_of(TILE);
        let (bytes, kind) = (tensor.data()?, tensor.dtype());
        let row_bytes = columns / kind.block_size() * kind.type_size();
        let mut parts = Vec::new();
        for part in bytes.chunks(part_rows * row_bytes) {
            let storage = QStorage::from_data(Cow::Borrowed(part), &Device::Cpu, kind)?;
            parts.push(QMatMul::from_qtensor(QTensor::new(storage, (part.len() / row_bytes, columns))?)?);
        }
        Ok(Self { parts, part_rows, rows, columns })
    }

    /// The rows at `indices`, one after the other, as an embedding table gives them.
    ///
    /// # Errors
    /// [`ModelError::Input`] for an index that is not there.
    pub(crate) fn pick(&self, indices: &[u32]) -> Result<Vec<f32>, ModelError> {
        let mut picked = Vec::with_capacity(indices.len() * self.columns);
        for index in indices {
            let at = *index as usize;
            if at >= self.rows {
                return Err(ModelError::Input(format!("token {index} is outside the vocabulary of {}", self.rows)));
            }
            let row = Tensor::new(&[(at % self.part_rows) as u32], &Device::Cpu)?;
            picked.extend(self.parts[at / self.part_rows].embedding(&row)?.flatten_all()?.to_vec1::<f32>()?);
        }
        Ok(picked)
    }
}

/// Multiplies the rows of `input` with several matrices that take the same input; per matrix `input rows * rows` numbers.
///
/// # Errors
/// The first that a kernel gave.
pub(crate) fn multiply<const N: usize>(
    pool: &Pool,
    matrices: [&Matrix; N],
    input: Vec<f32>,
) -> Result<[Vec<f32>; N], ModelError> {
    let columns = matrices.first().map_or(1, |matrix| matrix.columns);
    let count = input.len() / columns;
    let input = Tensor::from_vec(input, (count, columns), &Device::Cpu)?;
    let mut outputs = matrices.map(|matrix| vec![0.0f32; count * matrix.rows]);
    let targets: Vec<usize> = outputs.iter_mut().map(|output| output.as_mut_ptr() as usize).collect();
    let parts: Vec<(usize, usize)> = matrices
        .iter()
        .enumerate()
        .flat_map(|(m, matrix)| (0..matrix.parts.len()).map(move |part| (m, part)))
        .collect();
    let failure = Mutex::new(None);
    pool.run(parts.len(), |range| {
        for (m, part) in &parts[range] {
            let matrix = matrices[*m];
            // SAFETY: a part owns its columns of the output, parts are disjoint, and `outputs` outlives the run.
            let done = unsafe { matrix.part(*part, &input, targets[*m] as *mut f32) };
            if let Err(error) = done {
                *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            }
        }
    });
    match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error.into()),
        None => Ok(outputs),
    }
}

impl Matrix {
    /// Multiplies with one part and writes its columns of the output.
    ///
    /// # Safety
    /// `output` points to `input rows * self.rows` numbers, of which nobody else reads or writes this part's columns.
    unsafe fn part(&self, part: usize, input: &Tensor, output: *mut f32) -> candle_core::Result<()> {
        let product = self.parts[part].forward(input)?;
        let (count, width) = product.dims2()?;
        let (storage, layout) = product.storage_and_layout();
        let Storage::Cpu(storage) = &*storage else { candle_core::bail!("a product is not in main memory") };
        let numbers = &storage.as_slice::<f32>()?[layout.start_offset()..];
        for (row, numbers) in numbers.chunks_exact(width).take(count).enumerate() {
            // SAFETY: within the output, and this part's own columns.
            unsafe {
                let target = output.add(row * self.rows + part * self.part_rows);
                std::ptr::copy_nonoverlapping(numbers.as_ptr(), target, width);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::quantized::GgmlDType;

    #[test]
    fn parts_give_what_the_whole_gives() {
        let numbers = |n: usize| (0..n).map(|i| ((i * 7919 % 1000) as f32 - 500.0) / 500.0).collect::<Vec<f32>>();
        // 288 inputs: no kernel of candle takes another path for 700 outputs than for a part of them.
        let (rows, columns) = (700, 288);
        for kind in [GgmlDType::Q8_0, GgmlDType::F32] {
            let weights = Tensor::from_vec(numbers(rows * columns), (rows, columns), &Device::Cpu).unwrap();
            let tensor = QTensor::quantize(&weights, kind).unwrap();
            let (matrix, pool) = (Matrix::new(&tensor).unwrap(), Pool::new(2).unwrap());
            assert!(matrix.parts.len() > 1 && !rows.is_multiple_of(matrix.part_rows));
            let whole = QMatMul::from_qtensor(tensor).unwrap();
            for count in [1, 3] {
                let input = Tensor::from_vec(numbers(count * columns), (count, columns), &Device::Cpu).unwrap();
                let expected: Vec<f32> = whole.forward(&input).unwrap().flatten_all().unwrap().to_vec1().unwrap();
                let [one, two] = multiply(&pool, [&matrix, &matrix], numbers(count * columns)).unwrap();
                let far = expected.iter().zip(&one).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(one.len() == expected.len() && far < 1e-3 && one == two, "{kind:?}, {count} rows: {far}");
            }
            let ids = Tensor::new(&[699u32, 0], &Device::Cpu).unwrap();
            let picked: Vec<f32> = whole.embedding(&ids).unwrap().flatten_all().unwrap().to_vec1().unwrap();
            assert_eq!(matrix.pick(&[699, 0]).unwrap(), picked);
            assert!(matrix.pick(&[700]).unwrap_err().to_string().contains("token 700"));
        }
    }
}
