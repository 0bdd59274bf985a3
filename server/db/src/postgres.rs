//! PostgreSQL through tokio-postgres and a deadpool pool.

use crate::row::{Cell, Row};
use crate::{Error, Result, Value};
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use std::str::FromStr;
use std::time::Duration;
use tokio_postgres::NoTls;
use tokio_postgres::types::{ToSql, Type};

pub(crate) fn pool(url: &str, size: usize) -> Result<Pool> {
    let config = tokio_postgres::Config::from_str(url).map_err(|e| Error::Settings(e.to_string()))?;
    let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    Pool::builder(manager)
        .max_size(size)
        .wait_timeout(Some(Duration::from_secs(10)))
        .create_timeout(Some(Duration::from_secs(10)))
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|e| Error::Settings(e.to_string()))
}

fn refs(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|p| p as &(dyn ToSql + Sync)).collect()
}

pub(crate) async fn query(client: &Object, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
    let statement = client.prepare_cached(sql).await?;
    let rows = client.query(&statement, &refs(params)).await?;
    rows.iter().map(decode).collect()
}

pub(crate) async fn execute(client: &Object, sql: &str, params: &[Value]) -> Result<u64> {
    let statement = client.prepare_cached(sql).await?;
    Ok(client.execute(&statement, &refs(params)).await?)
}

fn decode(row: &tokio_postgres::Row) -> Result<Row> {
    let cells: Result<Vec<Cell>> =
        row.columns().iter().enumerate().map(|(i, column)| cell(row, i, column.type_())).collect();
    Ok(Row(cells?))
}

fn cell(row: &tokio_postgres::Row, i: usize, ty: &Type) -> Result<Cell> {
    let null = Cell::Null;
    Ok(match *ty {
        Type::INT8 => row.try_get::<_, Option<i64>>(i)?.map_or(null, Cell::Int),
        Type::INT4 => row.try_get::<_, Option<i32>>(i)?.map_or(null, |v| Cell::Int(v.into())),
        Type::INT2 => row.try_get::<_, Option<i16>>(i)?.map_or(null, |v| Cell::Int(v.into())),
        Type::BOOL => row.try_get::<_, Option<bool>>(i)?.map_or(null, Cell::Bool),
        Type::FLOAT8 => row.try_get::<_, Option<f64>>(i)?.map_or(null, Cell::Real),
        Type::FLOAT4 => row.try_get::<_, Option<f32>>(i)?.map_or(null, |v| Cell::Real(v.into())),
        Type::TEXT | Type::VARCHAR | Type::NAME | Type::BPCHAR => {
            row.try_get::<_, Option<String>>(i)?.map_or(null, Cell::Text)
        }
        Type::JSON | Type::JSONB => row.try_get::<_, Option<serde_json::Value>>(i)?.map_or(null, Cell::Json),
        Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(i)?.map_or(null, Cell::Bytes),
        ref other => {
            return Err(Error::Decode { column: i, expected: "a supported type", found: other.name().into() });
        }
    })
}
