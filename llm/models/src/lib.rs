//! `llm-models`.
