//! Cells of one engine as JSON in an archive, and as parameters for either engine. Pure.

use super::catalogue::Kind;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use db::{Cell, Value};
use serde_json::Value as Json;

/// Why a cell could not be read.
#[derive(Debug, thiserror::Error)]
#[error("a value of type {kind:?} cannot be read from {found}")]
pub struct Unreadable {
    kind: Kind,
    found: String,
}

/// What an archive holds for a cell.
pub fn to_json(cell: Cell) -> Json {
    match cell {
        Cell::Null => Json::Null,
        Cell::Int(v) => v.into(),
        Cell::Real(v) => v.into(),
        Cell::Bool(v) => v.into(),
        Cell::Text(v) => v.into(),
        Cell::Json(v) => v,
        Cell::Bytes(v) => STANDARD.encode(v).into(),
    }
}

/// A cell as a parameter for a column of this kind. PostgreSQL stores no NUL in texts, so they are left out.
///
/// # Errors
/// When the cell holds something else.
pub fn to_value(cell: Cell, kind: Kind) -> Result<Value, Unreadable> {
    Ok(match (kind, cell) {
        (Kind::Text, Cell::Null) => Value::Text(None),
        (Kind::Text, Cell::Text(v)) => Value::Text(Some(v.replace('\0', ""))),
        (Kind::Int, Cell::Null) => Value::Int(None),
        (Kind::Int, Cell::Int(v)) => Value::Int(Some(v)),
        (Kind::Real, Cell::Null) => Value::Real(None),
        (Kind::Real, Cell::Real(v)) => Value::Real(Some(v)),
        #[expect(clippy::cast_precision_loss, reason = "SQLite gives an integer where a REAL has no fraction")]
        (Kind::Real, Cell::Int(v)) => Value::Real(Some(v as f64)),
        (Kind::Bool, Cell::Null) => Value::Bool(None),
        (Kind::Bool, Cell::Bool(v)) => Value::Bool(Some(v)),
        (Kind::Bool, Cell::Int(v)) => Value::Bool(Some(v != 0)),
        (Kind::Json, Cell::Null) => Value::Json(None),
        (Kind::Json, Cell::Json(v)) => Value::Json(Some(without_nul(v))),
        (Kind::Json, Cell::Int(v)) => Value::Json(Some(v.into())),
        (Kind::Json, Cell::Real(v)) => Value::Json(Some(v.into())),
        (Kind::Json, Cell::Text(v)) => match serde_json::from_str(&v) {
            Ok(json) => Value::Json(Some(without_nul(json))),
            Err(_) => return Err(Unreadable { kind, found: v }),
        },
        (Kind::Bytes, Cell::Null) => Value::Bytes(None),
        (Kind::Bytes, Cell::Bytes(v)) => Value::Bytes(Some(v)),
        (kind, other) => return Err(Unreadable { kind, found: format!("{other:?}") }),
    })
}

/// What an archive holds, as a cell for a column of this kind.
///
/// # Errors
/// When it holds something else.
pub fn of_json(json: Json, kind: Kind) -> Result<Cell, Unreadable> {
    let refuse = |json: &Json| Unreadable { kind, found: json.to_string() };
    Ok(match (kind, json) {
        (Kind::Json, Json::Null) | (_, Json::Null) => Cell::Null,
        (Kind::Json, json) => Cell::Json(json),
        (Kind::Text, Json::String(v)) => Cell::Text(v),
        (Kind::Int | Kind::Bool, Json::Number(n)) => Cell::Int(n.as_i64().ok_or_else(|| refuse(&n.clone().into()))?),
        (Kind::Bool, Json::Bool(v)) => Cell::Bool(v),
        (Kind::Real, Json::Number(n)) => Cell::Real(n.as_f64().unwrap_or_default()),
        (Kind::Bytes, Json::String(v)) => Cell::Bytes(STANDARD.decode(&v).map_err(|_| refuse(&v.clone().into()))?),
        (_, other) => return Err(refuse(&other)),
    })
}

fn without_nul(json: Json) -> Json {
    let text = json.to_string();
    if text.contains("\\u0000") { serde_json::from_str(&text.replace("\\u0000", "")).unwrap_or(json) } else { json }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sqlite_keeps_becomes_what_postgres_wants() {
        assert_eq!(to_value(Cell::Int(1), Kind::Bool).unwrap(), Value::Bool(Some(true)));
        assert_eq!(
            to_value(Cell::Text("{\"a\":1}".into()), Kind::Json).unwrap(),
            Value::Json(Some(serde_json::json!({"a": 1})))
        );
        assert_eq!(to_value(Cell::Text("a\0b".into()), Kind::Text).unwrap(), Value::Text(Some("ab".into())));
        assert!(to_value(Cell::Text("x".into()), Kind::Int).is_err());
        let bytes = Cell::Bytes(vec![0, 255]);
        assert_eq!(of_json(to_json(bytes.clone()), Kind::Bytes).unwrap(), bytes);
    }
}
