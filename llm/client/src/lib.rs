//! `llm-client`.
