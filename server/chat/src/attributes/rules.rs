//! What a field and a value may be.

use crate::{Error, Result};
use serde_json::{Value, json};
use wire::ProfileField;

/// Fields that a site can have; the protocol's number.
pub const MAX_FIELDS: usize = 20;
/// Longest text of a value, characters.
const MAX_TEXT: usize = 64;
const KINDS: [&str; 6] = ["text", "select", "multiselect", "date", "user", "multiuser"];

/// Checks a field and gives each new option an id.
///
/// # Errors
/// 400 that names what is wrong.
pub fn check_field(field: &mut ProfileField) -> Result<()> {
    field.name = field.name.trim().to_owned();
    if field.name.is_empty() || field.name.chars().count() > 255 {
        return Err(Error::invalid_body("name", "1 to 255 characters are wanted"));
    }
    if !KINDS.contains(&field.kind.as_str()) {
        return Err(Error::invalid_body("type", &format!("one of {} is wanted", KINDS.join(", "))));
    }
    if serde_json::to_string(&field.attrs).map_or(0, |t| t.len()) > 64 * 1024 {
        return Err(Error::invalid_body("attrs", "at most 64 KiB are wanted"));
    }
    field.attrs.entry("visibility").or_insert_with(|| json!("when_set"));
    field.attrs.entry("sort_order").or_insert_with(|| json!(0));
    if !has_options(&field.kind) {
        field.attrs.shift_remove("options");
        return Ok(());
    }
    let options = field.attrs.entry("options").or_insert_with(|| json!([]));
    let list = options.as_array_mut().ok_or_else(|| Error::invalid_body("attrs.options", "a list is wanted"))?;
    for option in list.iter_mut() {
        let named = option.get("name").and_then(Value::as_str).is_some_and(|n| !n.trim().is_empty());
        if !named {
            return Err(Error::invalid_body("attrs.options", "each option wants a name"));
        }
        if option.get("id").and_then(Value::as_str).is_none_or(str::is_empty) {
            option["id"] = kit::id::new().into();
        }
    }
    Ok(())
}

pub fn has_options(kind: &str) -> bool {
    matches!(kind, "select" | "multiselect")
}

/// Only administrators fill in such a field.
pub fn is_managed(field: &ProfileField) -> bool {
    field.attrs.get("managed").and_then(Value::as_str) == Some("admin")
}

/// A value as it is kept; `Null` clears it.
///
/// # Errors
/// 400 when the field takes no such value.
pub fn checked_value(field: &ProfileField, value: Value) -> Result<Value> {
    let wrong = |reason: &str| Error::invalid_body(&format!("value of {}", field.name), reason);
    let known = |id: &str| {
        let options = field.attrs.get("options").and_then(Value::as_array);
        options.into_iter().flatten().any(|o| o.get("id").and_then(Value::as_str) == Some(id))
    };
    let many = matches!(field.kind.as_str(), "multiselect" | "multiuser");
    match value {
        Value::Null => Ok(Value::Null),
        Value::String(text) if !many => {
            let text = text.trim();
            let fits = text.is_empty()
                || match field.kind.as_str() {
                    "select" => known(text),
                    "user" => kit::id::is_valid(text),
                    "date" => text.get(..10).is_some_and(|d| d.parse::<jiff::civil::Date>().is_ok()),
                    _ => text.chars().count() <= MAX_TEXT,
                };
            if fits { Ok(text.into()) } else { Err(wrong("the field takes no such value")) }
        }
        Value::Array(list) if many => {
            let fits = |v: &Value| {
                v.as_str().is_some_and(|id| if field.kind == "multiselect" { known(id) } else { kit::id::is_valid(id) })
            };
            if list.len() <= 1000 && list.iter().all(fits) {
                Ok(Value::Array(list))
            } else {
                Err(wrong("each item must be a known id"))
            }
        }
        _ => Err(wrong(if many { "a list of ids is wanted" } else { "a text is wanted" })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(kind: &str, attrs: Value) -> ProfileField {
        let attrs = attrs.as_object().cloned().unwrap_or_default();
        ProfileField { name: "Field".into(), kind: kind.into(), attrs, ..ProfileField::default() }
    }

    #[test]
    fn options_get_ids_and_values_are_of_the_fields_kind() {
        let mut shift = field("select", json!({"options": [{"name": "night"}, {"id": "d", "name": "day"}]}));
        check_field(&mut shift).unwrap();
        let night = shift.attrs["options"][0]["id"].as_str().unwrap().to_owned();
        assert!(kit::id::is_valid(&night));
        assert_eq!(checked_value(&shift, json!(night)).unwrap(), json!(night));
        assert!(checked_value(&shift, json!("evening")).is_err());
        assert!(checked_value(&shift, json!(["d"])).is_err());
        shift.kind = "multiselect".into();
        assert!(checked_value(&shift, json!(["d", night])).is_ok());
        assert!(checked_value(&field("text", json!({})), json!("x".repeat(65))).is_err());
        assert_eq!(checked_value(&field("text", json!({})), json!(" B+ ")).unwrap(), "B+");
        assert!(checked_value(&field("date", json!({})), json!("tomorrow")).is_err());
        assert!(check_field(&mut field("colour", json!({}))).is_err());
        assert!(check_field(&mut field("select", json!({"options": [{}]}))).is_err());
    }
}
