//! The log: one JSON document a line on standard error, filtered by `RUST_LOG`.

use std::io::Write;

use env_logger::fmt::Formatter;
use log::Record;
use log::kv::{Error as KeyError, Key, Value, VisitSource};
use serde_json::{Map, Value as Json};

/// Starts it, with this filter (`RUST_LOG`'s syntax). A second start changes nothing.
pub fn start(filter: &str) {
    let started = env_logger::Builder::new().parse_filters(filter).format(line).try_init();
    debug_assert!(started.is_ok() || cfg!(test));
}

fn line(out: &mut Formatter, record: &Record<'_>) -> std::io::Result<()> {
    let mut fields = Fields(Map::new());
    fields.set("time", out.timestamp_micros().to_string());
    fields.set("level", record.level().as_str());
    fields.set("target", record.target());
    fields.set("message", record.args().to_string());
    let visited = record.key_values().visit(&mut fields);
    debug_assert!(visited.is_ok());
    let mut text = serde_json::to_vec(&fields.0)?;
    text.push(b'\n');
    out.write_all(&text)
}

struct Fields(Map<String, Json>);

impl Fields {
    fn set(&mut self, name: &str, value: impl Into<Json>) {
        self.0.insert(name.to_owned(), value.into());
    }
}

impl<'kvs> VisitSource<'kvs> for Fields {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), KeyError> {
        let json = match value.to_u64() {
            Some(number) => Json::from(number),
            None => Json::from(value.to_string()),
        };
        self.0.insert(key.to_string(), json);
        Ok(())
    }
}
