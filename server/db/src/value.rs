//! A parameter of a statement; NULL keeps its type, which PostgreSQL insists on.

use rusqlite::types::{ToSqlOutput, Value as SqliteValue};
use tokio_postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};

/// A typed parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(Option<String>),
    Int(Option<i64>),
    Real(Option<f64>),
    Bool(Option<bool>),
    Json(Option<serde_json::Value>),
    Bytes(Option<Vec<u8>>),
    /// For `IN LIST($n)`.
    List(Vec<String>),
}

macro_rules! from {
    ($($ty:ty => $variant:ident via $convert:expr),* $(,)?) => {$(
        impl From<$ty> for Value {
            fn from(v: $ty) -> Self { let convert: fn($ty) -> _ = $convert; Self::$variant(Some(convert(v))) }
        }
        impl From<Option<$ty>> for Value {
            fn from(v: Option<$ty>) -> Self { let convert: fn($ty) -> _ = $convert; Self::$variant(v.map(convert)) }
        }
    )*};
}

from! {
    &str => Text via str::to_owned,
    String => Text via |v| v,
    &String => Text via Clone::clone,
    i64 => Int via |v| v,
    f64 => Real via |v| v,
    i32 => Int via i64::from,
    u32 => Int via i64::from,
    bool => Bool via |v| v,
    serde_json::Value => Json via |v| v,
    &serde_json::Value => Json via Clone::clone,
    Vec<u8> => Bytes via |v| v,
}

impl From<Vec<String>> for Value {
    fn from(v: Vec<String>) -> Self {
        Self::List(v)
    }
}

impl From<&[String]> for Value {
    fn from(v: &[String]) -> Self {
        Self::List(v.to_vec())
    }
}

impl From<&Vec<String>> for Value {
    fn from(v: &Vec<String>) -> Self {
        Self::List(v.clone())
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let owned = match self {
            Self::Text(v) => v.clone().map_or(SqliteValue::Null, SqliteValue::Text),
            Self::Int(v) => v.map_or(SqliteValue::Null, SqliteValue::Integer),
            Self::Real(v) => v.map_or(SqliteValue::Null, SqliteValue::Real),
            Self::Bool(v) => v.map_or(SqliteValue::Null, |b| SqliteValue::Integer(i64::from(b))),
            Self::Json(v) => v.as_ref().map_or(SqliteValue::Null, |j| SqliteValue::Text(j.to_string())),
            Self::Bytes(v) => v.clone().map_or(SqliteValue::Null, SqliteValue::Blob),
            Self::List(v) => SqliteValue::Text(serde_json::json!(v).to_string()),
        };
        Ok(ToSqlOutput::Owned(owned))
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Text(v) => v.to_sql_checked(ty, out),
            Self::Int(v) if *ty == Type::INT4 => v.map(i32::try_from).transpose()?.to_sql_checked(ty, out),
            Self::Int(v) => v.to_sql_checked(ty, out),
            Self::Real(v) => v.to_sql_checked(ty, out),
            Self::Bool(v) => v.to_sql_checked(ty, out),
            Self::Json(v) => v.to_sql_checked(ty, out),
            Self::Bytes(v) => v.to_sql_checked(ty, out),
            Self::List(v) => v.to_sql_checked(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
