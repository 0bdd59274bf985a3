//! An open GGUF file: typed metadata, and weights in the form in which they run fastest.

use crate::ModelError;
use crate::matrix::Matrix;
use candle_core::Device;
use candle_core::quantized::{GgmlDType, QTensor, gguf_file};
use gguf_file::Value;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// A GGUF file with its metadata read; tensors are read on demand.
pub struct Gguf {
    path: PathBuf,
    content: gguf_file::Content,
    reader: BufReader<File>,
    exact: bool,
}

impl Gguf {
    /// Opens a file and reads its metadata.
    ///
    /// # Errors
    /// [`ModelError::Read`] or [`ModelError::Format`].
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let file = File::open(path).map_err(|source| ModelError::Read { path: path.into(), source })?;
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let content = gguf_file::Content::read(&mut reader)
            .map_err(|e| ModelError::Format { path: path.into(), reason: e.to_string() })?;
        Ok(Self { path: path.into(), content, reader, exact: false })
    }

    /// Widens weights to 32-bit floats when they are loaded. Takes up to eight times the memory and is slow, but rounds
    /// nothing between layers: for comparison with other programs.
    #[must_use]
    pub fn exact(mut self) -> Self {
        self.exact = true;
        self
    }

    /// Where the file lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn value(&self, key: &str) -> Result<&Value, ModelError> {
        self.content.metadata.get(key).ok_or_else(|| ModelError::Metadata { key: key.into(), reason: "missing".into() })
    }

    /// A number that counts something.
    ///
    /// # Errors
    /// [`ModelError::Metadata`] when it is missing, of another type or negative.
    pub fn count(&self, key: &str) -> Result<usize, ModelError> {
        let value = self.value(key)?;
        let number =
            value.to_u64().or_else(|_| value.to_i32().map(|n| n as u64)).or_else(|_| value.to_i64().map(|n| n as u64));
        match number {
            Ok(number) if number <= u64::from(u32::MAX) => Ok(number as usize),
            _ => Err(ModelError::Metadata { key: key.into(), reason: "must be a count".into() }),
        }
    }

    /// As [`Gguf::count`], `default` when the key is missing.
    ///
    /// # Errors
    /// [`ModelError::Metadata`] when it has another type.
    pub fn count_or(&self, key: &str, default: usize) -> Result<usize, ModelError> {
        if self.content.metadata.contains_key(key) { self.count(key) } else { Ok(default) }
    }

    /// A real number, `default` when the key is missing.
    ///
    /// # Errors
    /// [`ModelError::Metadata`] when it has another type.
    pub fn real_or(&self, key: &str, default: f32) -> Result<f32, ModelError> {
        match self.content.metadata.get(key) {
            None => Ok(default),
            Some(value) => value
                .to_f32()
                .map_err(|_| ModelError::Metadata { key: key.into(), reason: "must be a 32-bit float".into() }),
        }
    }

    /// A yes or no, `default` when the key is missing or of another type.
    pub fn flag_or(&self, key: &str, default: bool) -> bool {
        self.content.metadata.get(key).and_then(|v| v.to_bool().ok()).unwrap_or(default)
    }

    /// A text.
    ///
    /// # Errors
    /// [`ModelError::Metadata`] when it is missing or of another type.
    pub fn text(&self, key: &str) -> Result<&str, ModelError> {
        let text = self.value(key)?.to_string();
        text.map(String::as_str)
            .map_err(|_| ModelError::Metadata { key: key.into(), reason: "must be a string".into() })
    }

    /// A list of texts.
    ///
    /// # Errors
    /// [`ModelError::Metadata`] when it is missing or of another type.
    pub fn texts(&self, key: &str) -> Result<Vec<String>, ModelError> {
        let wrong = || ModelError::Metadata { key: key.into(), reason: "must be an array of strings".into() };
        let values = self.value(key)?.to_vec().map_err(|_| wrong())?;
        values.iter().map(|v| v.to_string().cloned().map_err(|_| wrong())).collect()
    }

    /// A list of integers; `None` when the key is missing.
    ///
    /// # Errors
    /// [`ModelError::Metadata`] when it is of another type.
    pub fn integers(&self, key: &str) -> Result<Option<Vec<i64>>, ModelError> {
        let wrong = || ModelError::Metadata { key: key.into(), reason: "must be an array of integers".into() };
        let Some(value) = self.content.metadata.get(key) else { return Ok(None) };
        let integer = |v: &Value| {
            v.to_i64()
                .or_else(|_| v.to_i32().map(i64::from))
                .or_else(|_| v.to_u64().map(|n| n as i64))
                .map_err(|_| wrong())
        };
        value.to_vec().map_err(|_| wrong())?.iter().map(integer).collect::<Result<_, _>>().map(Some)
    }

    /// Whether the file has a tensor of this name.
    pub fn has_tensor(&self, name: &str) -> bool {
        self.content.tensor_infos.contains_key(name)
    }

    fn tensor(&mut self, name: &str) -> Result<QTensor, ModelError> {
        self.content
            .tensor(&mut self.reader, name, &Device::Cpu)
            .map_err(|e| ModelError::Tensor { name: name.into(), reason: e.to_string() })
    }

    /// A weight matrix of `rows` (outputs) by `columns` (inputs), ready to multiply.
    ///
    /// Formats for which candle has only scalar x86 kernels (Q4_1, Q5_0, Q5_1) become Q8_0 in memory: 2.3 times the
    /// prefill speed for 1.7 times the memory. Their 8-bit form loses less than the formats themselves did.
    ///
    /// # Errors
    /// [`ModelError::Tensor`].
    pub(crate) fn matrix(&mut self, name: &str, rows: usize, columns: usize) -> Result<Matrix, ModelError> {
        let tensor = self.tensor(name)?;
        let shape = tensor.shape().dims().to_vec();
        if shape != [rows, columns] {
            let reason = format!("has shape {shape:?} where [{rows}, {columns}] is needed");
            return Err(ModelError::Tensor { name: name.into(), reason });
        }
        let slow = matches!(tensor.dtype(), GgmlDType::Q4_1 | GgmlDType::Q5_0 | GgmlDType::Q5_1);
        let better = match self.exact {
            true => Some(GgmlDType::F32),
            false => Some(GgmlDType::Q8_0).filter(|kind| slow && columns.is_multiple_of(kind.block_size())),
        };
        let tensor = match better {
            Some(kind) => QTensor::quantize(&tensor.dequantize(&Device::Cpu)?, kind)?,
            None => tensor,
        };
        Ok(Matrix::new(&tensor)?)
    }

    /// A vector of `len` numbers.
    ///
    /// # Errors
    /// [`ModelError::Tensor`].
    pub fn vector(&mut self, name: &str, len: usize) -> Result<Vec<f32>, ModelError> {
        let numbers = self.tensor(name)?.dequantize(&Device::Cpu)?.flatten_all()?.to_vec1::<f32>()?;
        if numbers.len() != len {
            let reason = format!("has {} numbers where {len} are needed", numbers.len());
            return Err(ModelError::Tensor { name: name.into(), reason });
        }
        Ok(numbers)
    }
}
