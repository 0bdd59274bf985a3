//! Conversations to prompts, by the Jinja template that the model file carries.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, ErrorKind, Value};
use serde::Serialize;

/// One message as the template sees it.
#[derive(Clone, Debug, Serialize)]
pub struct Turn {
    /// `system`, `user` or `assistant`.
    pub role: String,
    /// Its text.
    pub content: String,
}

/// Why a conversation has no prompt.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The model's template is no valid Jinja.
    #[error("the model's chat template: {0}")]
    Syntax(String),
    /// The template refuses this conversation, or fails on it.
    #[error("the model's chat template refuses the conversation: {0}")]
    Refused(String),
}

/// A compiled template.
pub struct ChatTemplate {
    environment: Environment<'static>,
}

impl ChatTemplate {
    /// Compiles `source`.
    ///
    /// # Errors
    /// [`TemplateError::Syntax`].
    pub fn new(source: &str) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        // Hugging Face renders every chat template with these two on.
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(|e| TemplateError::Syntax(e.to_string()))?);
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        let raise = |reason: String| -> Result<Value, Error> { Err(Error::new(ErrorKind::InvalidOperation, reason)) };
        environment.add_function("raise_exception", raise);
        environment.add_template_owned("chat", source.to_owned()).map_err(|e| TemplateError::Syntax(e.to_string()))?;
        Ok(Self { environment })
    }

    /// The prompt that makes the model answer the last of `turns`.
    ///
    /// # Errors
    /// [`TemplateError::Refused`], for instance when a template wants user and assistant to take turns.
    pub fn render(&self, turns: &[Turn], bos: &str, eos: &str) -> Result<String, TemplateError> {
        let refused = |e: String| TemplateError::Refused(e);
        let context = serde_json::json!({
            "messages": turns, "add_generation_prompt": true, "bos_token": bos, "eos_token": eos,
        });
        let context: Value = serde_json::from_value(context).map_err(|e| refused(e.to_string()))?;
        let template = self.environment.get_template("chat").map_err(|e| refused(e.to_string()))?;
        template.render(context).map_err(|e| refused(e.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(role: &str, content: &str) -> Turn {
        Turn { role: role.into(), content: content.into() }
    }

    #[test]
    fn chatml_renders_and_refusals_are_told() {
        let source = "{% for m in messages %}{% if m['role'] == 'bad' %}{{ raise_exception('no bad') }}{% endif %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'].strip() + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
        let template = ChatTemplate::new(source).unwrap();
        let prompt = template.render(&[turn("user", " {{ hi }} ")], "", "").unwrap();
        assert_eq!(prompt, "<|im_start|>user\n{{ hi }}<|im_end|>\n<|im_start|>assistant\n");
        let error = template.render(&[turn("bad", "x")], "", "").unwrap_err();
        assert!(error.to_string().contains("no bad"), "{error}");
        assert!(ChatTemplate::new("{% for %}").is_err());
    }
}
