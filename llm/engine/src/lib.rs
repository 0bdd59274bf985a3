//! `llm-engine`.
