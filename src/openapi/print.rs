//! How the document is written: JSON in which what fits on a line stands on one, so that people can
//! read it and a change of it shows where it is.

use serde_json::Value;

/// The longest line that holds a whole object or list.
const WIDTH: usize = 120;

/// The value as text.
pub fn print(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, 0, &mut text);
    text
}

/// Writes a value that begins in this column, at this depth.
fn write(value: &Value, depth: usize, column: usize, text: &mut String) {
    let line = one_line(value);
    let is_short = column + line.chars().count() < WIDTH;
    let (open, close, members): (_, _, Vec<(String, &Value)>) = match value {
        Value::Object(members) if depth == 0 || !is_short => {
            let named = members.iter();
            let named =
                named.map(|(name, member)| (format!("{}: ", Value::from(name.as_str())), member));
            ('{', '}', named.collect())
        }
        Value::Array(items) if !is_short => (
            '[',
            ']',
            items.iter().map(|item| (String::new(), item)).collect(),
        ),
        _ => return text.push_str(&line),
    };
    let last = members.len().saturating_sub(1);
    let indent = "  ".repeat(depth + 1);
    text.push(open);
    for (place, (name, member)) in members.into_iter().enumerate() {
        text.push_str(&format!("\n{indent}{name}"));
        write(member, depth + 1, indent.len() + name.chars().count(), text);
        text.push_str(if place == last { "" } else { "," });
    }
    text.push_str(&format!("\n{}{close}", "  ".repeat(depth)));
}

/// The value on one line, with a space after what separates.
fn one_line(value: &Value) -> String {
    let joined = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Object(members) if !members.is_empty() => {
            let members = members.iter();
            let member = |(name, value): (&String, &Value)| {
                format!("{}: {}", Value::from(name.as_str()), one_line(value))
            };
            format!("{{ {} }}", joined(members.map(member).collect()))
        }
        Value::Array(items) => format!("[{}]", joined(items.iter().map(one_line).collect())),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_short_stands_on_one_line_and_nothing_is_lost() {
        let long: Vec<usize> = (10_000..10_030).collect();
        let value = json!({"a": {"b": [1, "\u{e9}\n"], "c": {}, "d": []}, "long": {"list": long, "none": null}});
        let text = print(&value);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], r#"  "a": { "b": [1, "é\n"], "c": {}, "d": [] },"#);
        assert_eq!(
            lines[2..5],
            [r#"  "long": {"#, r#"    "list": ["#, "      10000,"]
        );
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH));
    }
}
