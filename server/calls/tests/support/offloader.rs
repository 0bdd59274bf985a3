//! A stand-in for the recording service: takes jobs and starts nothing; the test is the worker.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// Takes every job until it is told to refuse.
#[derive(Clone)]
pub struct Offloader {
    pub url: String,
    /// What was asked for, in order.
    pub jobs: Arc<Mutex<Vec<Value>>>,
    /// Reason for refusing jobs.
    pub refusal: Arc<Mutex<Option<String>>>,
}

impl Offloader {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let offloader = Self { url, jobs: Arc::default(), refusal: Arc::default() };
        let app = Router::new()
            .route("/jobs/init", post(|| async {}))
            .route("/jobs", post(create))
            .with_state(offloader.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        offloader
    }
}

async fn create(State(offloader): State<Offloader>, Json(mut job): Json<Value>) -> Response {
    if let Some(reason) = offloader.refusal.lock().unwrap().clone() {
        let body = json!({"error": reason, "code": "500"});
        return (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response();
    }
    let mut jobs = offloader.jobs.lock().unwrap();
    jobs.push(job.clone());
    job["id"] = format!("0123456789{:02}", jobs.len()).into();
    job["start_at"] = 1.into();
    Json(job).into_response()
}
