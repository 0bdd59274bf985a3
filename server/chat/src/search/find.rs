//! Finds ids, newest first: in the index, and in what is not in it yet.
//!
//! What is not in it is read first: a row that is put into the index meanwhile is then found twice, never not at all.

use super::condition::{Columns, Condition, Scope};
use super::expression::{Expression, lexemes};
use super::grammar::Query;
use super::index::{self, author_mark, channel_mark};
use super::store::{self, Hit, Subject};
use crate::Result;
use db::{Conn, Engine, Row, Sql};

/// Rows outside the index up to which each is compared here, word by word. More of them (an index that is being built) are
/// searched by the database, for parts of words.
const FEW: (i64, i64) = (5000, 50);
/// Up to this many channels or authors are looked up in the index; more are only compared afterwards.
const MARKED: usize = 16;

const POSTS: Columns = Columns { text: "message", tags: Some("hashtags"), inside: None };
/// A file is found by its name, and by the words of the document that it is.
const FILES: Columns = Columns {
    text: "name",
    tags: None,
    inside: Some(
        "EXISTS (SELECT 1 FROM file_texts t WHERE t.path = file_infos.path AND t.content LIKE {} ESCAPE '\\')",
    ),
};

/// A search of posts or files.
pub struct Search<'a> {
    pub subject: Subject,
    pub query: &'a Query,
    pub scope: &'a Scope,
    /// The newest that are wanted.
    pub newest: i64,
}

/// The newest ids; `newest` of them at most.
///
/// # Errors
/// When the database fails.
pub async fn find(conn: &mut Conn, engine: Engine, search: &Search<'_>) -> Result<Vec<Hit>> {
    let Search { subject, query, scope, newest } = *search;
    let expression = Expression::of(query, scope.any, subject == Subject::Posts);
    let nothing_to_find = !query.terms.is_empty() && expression.terms.is_empty();
    if nothing_to_find || scope.channels.is_empty() || scope.authors.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let waiting = store::waiting(conn, engine, subject).await?;
    let few = if subject == Subject::Posts { FEW.0 } else { FEW.1 };
    let mut found = Vec::new();
    if waiting > 0 && waiting <= few {
        found = compared(conn, engine, search, &expression).await?;
    } else if waiting > 0 {
        found = scanned(conn, engine, search).await?;
    }
    found.extend(indexed(conn, engine, search, &expression, waiting > 0).await?);
    found.sort_unstable_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
    found.dedup();
    found.truncate(usize::try_from(newest).unwrap_or(usize::MAX));
    Ok(found)
}

/// Who may be found, and when: everything but the words.
fn filters(search: &Search<'_>) -> Condition {
    let mut c = Condition::filters(search.query, search.scope);
    match search.subject {
        Subject::Posts => c.also("delete_at = 0 AND type NOT LIKE 'system!_%' ESCAPE '!'"),
        Subject::Files => {
            c.one_of("extension", &search.query.extensions, true);
            c.one_of("extension", &search.query.not_extensions, false);
            c.also(
                "delete_at = 0 AND EXISTS (SELECT 1 FROM posts p WHERE p.id = file_infos.post_id AND p.delete_at = 0)",
            );
        }
    }
    c
}

/// The two kinds of rows outside the index, as sources of a SELECT; PostgreSQL has one kind.
fn outside(engine: Engine, subject: Subject) -> Vec<String> {
    let queued = "(SELECT DISTINCT q.item FROM search_queue q WHERE q.subject = '{name}') q";
    let all = match engine {
        Engine::Sqlite => vec![
            // Not by an index on channels, which would read all their rows.
            "{table} NOT INDEXED WHERE {table}.rowid > (SELECT done FROM search_state WHERE subject = '{name}')".into(),
            format!("{queued} CROSS JOIN {{table}} ON {{table}}.id = q.item WHERE TRUE"),
        ],
        Engine::Postgres => vec![format!("{queued} JOIN {{table}} ON {{table}}.id = q.item WHERE TRUE")],
    };
    all.iter().map(|text| subject.sql(text)).collect()
}

/// Rows outside the index, compared here.
async fn compared(conn: &mut Conn, engine: Engine, search: &Search<'_>, expression: &Expression) -> Result<Vec<Hit>> {
    let subject = search.subject;
    let columns = match subject {
        Subject::Posts => "create_at, id, message, hashtags",
        Subject::Files => {
            "create_at, id, name, COALESCE((SELECT t.content FROM file_texts t WHERE t.path = file_infos.path), '')"
        }
    };
    let decode = |row: Row| {
        let mut r = row.read();
        let hit = Hit { at: r.get()?, id: r.get()? };
        Ok((hit, r.get::<String>()?, r.get::<String>()?))
    };
    let mut rows = Vec::new();
    for source in outside(engine, subject) {
        let (conditions, values) = filters(search).ended();
        let sql = Sql::built(format!("SELECT {columns} FROM {source} AND {conditions}"));
        rows.extend(conn.fetch(&sql, values, decode).await?);
    }
    let expression = expression.clone();
    let holds = move |(hit, text, more): (Hit, String, String)| {
        expression.holds(&index::text_of(subject, &text, &more)).then_some(hit)
    };
    // Thousands of posts take long enough to stall others.
    let found = tokio::task::spawn_blocking(move || rows.into_iter().filter_map(holds).collect());
    found.await.map_err(|_| db::Error::Closed.into())
}

/// Rows outside the index, searched by the database.
async fn scanned(conn: &mut Conn, engine: Engine, search: &Search<'_>) -> Result<Vec<Hit>> {
    let mut found = Vec::new();
    for source in outside(engine, search.subject) {
        let mut c = filters(search);
        c.words(search.query, search.scope, if search.subject == Subject::Posts { POSTS } else { FILES });
        let limit = c.bind(search.newest);
        let (conditions, values) = c.ended();
        let text = format!(
            "SELECT create_at, id FROM {source} AND {conditions} ORDER BY create_at DESC, id DESC LIMIT {limit}"
        );
        found.extend(store::hits(conn, text, values).await?);
    }
    Ok(found)
}

/// Rows in the index that did not change since.
async fn indexed(
    conn: &mut Conn,
    engine: Engine,
    search: &Search<'_>,
    expression: &Expression,
    changed: bool,
) -> Result<Vec<Hit>> {
    let subject = search.subject;
    let mut c = filters(search);
    if changed {
        let queued = "NOT EXISTS (SELECT 1 FROM search_queue q WHERE q.subject = '{name}' AND q.item = {table}.id)";
        c.also(&subject.sql(queued));
    }
    let (source, order) = match (engine, subject) {
        (Engine::Sqlite, _) => {
            let wanted = c.bind(expression.fts5(&marks(search)));
            c.also(&format!("search_{} MATCH {wanted}", subject.name()));
            let (from, to) = c.times();
            for (bound, comparison) in [(from, ">="), (to, "<")] {
                if let Some(at) = bound {
                    let n = c.bind(store::first_number(at));
                    c.also(&format!("search_{}.rowid {comparison} {n}", subject.name()));
                }
            }
            (
                "search_{name} CROSS JOIN search_{name}_numbers n ON n.number = search_{name}.rowid CROSS JOIN {table} ON {table}.rowid = n.item",
                "search_{name}.rowid DESC",
            )
        }
        (Engine::Postgres, Subject::Posts) => {
            let wanted = expression.tsquery();
            if !wanted.is_empty() {
                let n = c.bind(wanted);
                c.also(&format!("s.words @@ CAST(CAST({n} AS TEXT) AS tsquery)"));
            }
            let n = c.bind(&search.scope.channels);
            c.also(&format!("s.channel IN LIST({n})"));
            if let Some(authors) = &search.scope.authors {
                let n = c.bind(authors);
                c.also(&format!("s.author IN LIST({n})"));
            }
            ("search_posts s JOIN posts ON posts.id = s.item", "s.at DESC, s.item DESC")
        }
        // A document is several parts: each word may be in another one.
        (Engine::Postgres, Subject::Files) => {
            let mut held = |want| {
                let n = c.bind(lexemes(want));
                format!("id IN (SELECT item FROM search_files WHERE words @@ CAST(CAST({n} AS TEXT) AS tsquery))")
            };
            let terms: Vec<String> = expression.terms.iter().map(&mut held).collect();
            let without: Vec<String> = expression.without.iter().map(|w| format!("NOT {}", held(w))).collect();
            if !terms.is_empty() {
                c.also(&format!("({})", terms.join(if expression.any { " OR " } else { " AND " })));
            }
            without.iter().for_each(|condition| c.also(condition));
            c.also("id IN (SELECT item FROM search_files)");
            ("file_infos", "create_at DESC, id DESC")
        }
    };
    let limit = c.bind(search.newest);
    let (conditions, values) = c.ended();
    let text =
        format!("SELECT create_at, {{table}}.id FROM {source} WHERE {conditions} ORDER BY {order} LIMIT {limit}");
    Ok(store::hits(conn, subject.sql(&text), values).await?)
}

/// Words that stand for channels and authors, where they are few; one that stands for every row, so that a search without
/// words has something to look for.
fn marks(search: &Search<'_>) -> Vec<Vec<String>> {
    let mut marks = Vec::new();
    if search.scope.channels.len() <= MARKED {
        marks.push(search.scope.channels.iter().map(|id| channel_mark(id)).collect());
    }
    if let Some(authors) = search.scope.authors.as_ref().filter(|list| list.len() <= MARKED) {
        marks.push(authors.iter().map(|id| author_mark(id)).collect());
    }
    if marks.is_empty() && search.query.terms.is_empty() {
        marks.push(vec![index::MARK.into()]);
    }
    marks
}
