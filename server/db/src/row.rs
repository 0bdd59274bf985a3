//! A row, whichever engine it came from, read by position.

use crate::{Error, Result};

/// One column of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Null,
    Int(i64),
    Real(f64),
    Bool(bool),
    Text(String),
    Json(serde_json::Value),
    Bytes(Vec<u8>),
}

/// A row of a result, detached from its connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Row(pub(crate) Vec<Cell>);

impl Row {
    /// Starts reading at the first column.
    pub fn read(self) -> RowReader {
        RowReader { cells: self.0.into_iter(), column: 0 }
    }

    /// Every column as it came, for code that copies whole tables.
    pub fn cells(self) -> Vec<Cell> {
        self.0
    }

    /// The only column of a one-column row.
    ///
    /// # Errors
    /// [`Error::Decode`] when the column holds another type.
    pub fn only<T: FromCell>(self) -> Result<T> {
        self.read().get()
    }
}

/// Hands out the columns of a row one after the other.
pub struct RowReader {
    cells: std::vec::IntoIter<Cell>,
    column: usize,
}

impl RowReader {
    /// The next column.
    ///
    /// # Errors
    /// [`Error::Decode`] when the row has no further column or it holds another type.
    #[allow(clippy::should_implement_trait, reason = "not an iterator: each call may want another type")]
    pub fn get<T: FromCell>(&mut self) -> Result<T> {
        let column = self.column;
        self.column += 1;
        let cell = self.cells.next().ok_or_else(|| Error::Decode {
            column,
            expected: T::NAME,
            found: "the end of the row".into(),
        })?;
        T::from_cell(cell).map_err(|cell| Error::Decode { column, expected: T::NAME, found: format!("{cell:?}") })
    }
}

/// A Rust type that a column can be read as.
pub trait FromCell: Sized {
    /// Name for the error message.
    const NAME: &'static str;
    /// Converts, or hands the cell back.
    ///
    /// # Errors
    /// The cell itself when it holds another type.
    fn from_cell(cell: Cell) -> std::result::Result<Self, Cell>;
}

impl FromCell for String {
    const NAME: &'static str = "text";
    fn from_cell(cell: Cell) -> std::result::Result<Self, Cell> {
        match cell {
            Cell::Text(v) => Ok(v),
            other => Err(other),
        }
    }
}

impl FromCell for i64 {
    const NAME: &'static str = "integer";
    fn from_cell(cell: Cell) -> std::result::Result<Self, Cell> {
        match cell {
            Cell::Int(v) => Ok(v),
            other => Err(other),
        }
    }
}

impl FromCell for f64 {
    const NAME: &'static str = "real";
    #[expect(clippy::cast_precision_loss, reason = "SQLite gives an integer where a REAL has no fraction")]
    fn from_cell(cell: Cell) -> std::result::Result<Self, Cell> {
        match cell {
            Cell::Real(v) => Ok(v),
            Cell::Int(v) => Ok(v as f64),
            other => Err(other),
        }
    }
}

impl FromCell for bool {
    const NAME: &'static str = "boolean";
    fn from_cell(cell: Cell) -> std::result::Result<Self, Cell> {
        match cell {
            Cell::Bool(v) => Ok(v),
            Cell::Int(v) => Ok(v != 0),
            other => Err(other),
        }
    }
}

impl FromCell for Vec<u8> {
    const NAME: &'static str = "bytes";
    fn from_cell(cell: Cell) -> std::result::Result<Self, Cell> {
        match cell {
            Cell::Bytes(v) => Ok(v),
            other => Err(other),
        }
    }
}

impl FromCell for serde_json::Value {
    const NAME: &'static str = "json";
    fn from_cell(cell: Cell) -> std::result::Result<Self, Cell> {
        match cell {
            Cell::Json(v) => Ok(v),
            Cell::Text(text) => serde_json::from_str(&text).map_err(|_| Cell::Text(text)),
            // A NUMERIC-affinity column turns a bare JSON number into a number.
            Cell::Int(v) => Ok(v.into()),
            Cell::Real(v) => Ok(v.into()),
            other => Err(other),
        }
    }
}

impl<T: FromCell> FromCell for Option<T> {
    const NAME: &'static str = T::NAME;
    fn from_cell(cell: Cell) -> std::result::Result<Self, Cell> {
        match cell {
            Cell::Null => Ok(None),
            other => T::from_cell(other).map(Some),
        }
    }
}
