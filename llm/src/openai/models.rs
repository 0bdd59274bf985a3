//! `GET /v1/models`.

use crate::failure::Failure;
use crate::parts::App;
use axum::Json;
use axum::extract::State;
use llm_client::{Model, ModelList};
use std::sync::Arc;

/// Lists the models that are loaded.
pub async fn handler(State(app): State<Arc<App>>) -> Json<ModelList> {
    let chat = app.chat.get().is_ok().then_some(&app.config.default_model);
    let embeddings = app.embeddings.get().is_ok().then_some(&app.config.embedding_model);
    let model =
        |id: &String| Model { id: id.clone(), object: "model".into(), created: app.started, owned_by: "muster".into() };
    Json(ModelList { object: "list".into(), data: [chat, embeddings].into_iter().flatten().map(model).collect() })
}

/// The model a request means; empty and `default` mean the configured one.
///
/// # Errors
/// [`Failure::NoModel`].
pub fn chosen(asked: &str, ours: &str) -> Result<String, Failure> {
    match asked {
        "" | "default" => Ok(ours.to_owned()),
        asked if asked == ours => Ok(ours.to_owned()),
        asked => Err(Failure::NoModel(asked.to_owned())),
    }
}
