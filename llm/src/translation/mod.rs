//! Translation: which language, what must stay as it is, and LibreTranslate's endpoints.

pub mod detect;
pub mod document;
pub mod routes;
pub mod translator;
