//! The log: one JSON document a line on standard error, filtered by `RUST_LOG`.

use std::io::Write;

use env_logger::fmt::Formatter;
use log::Record;
use log::kv::{Error as KeyError, Key, Value, VisitSource};
use serde::Serializer;
use serde::ser::SerializeMap;

/// Starts it, with this filter (`RUST_LOG`'s syntax). A second start changes nothing.
pub fn start(filter: &str) {
    let started = env_logger::Builder::new()
        .parse_filters(filter)
        .format(line)
        .try_init();
    debug_assert!(started.is_ok() || cfg!(test));
}

/// Written straight into the line: this runs for every request.
fn line(out: &mut Formatter, record: &Record<'_>) -> std::io::Result<()> {
    let mut text = Vec::with_capacity(512);
    let time = out.timestamp_micros();
    let mut json = serde_json::Serializer::new(&mut text);
    let mut fields = json.serialize_map(None)?;
    fields.serialize_entry("time", &format_args!("{time}"))?;
    fields.serialize_entry("level", record.level().as_str())?;
    fields.serialize_entry("target", record.target())?;
    fields.serialize_entry("message", record.args())?;
    let visited = record.key_values().visit(&mut Fields(&mut fields));
    debug_assert!(visited.is_ok());
    fields.end()?;
    text.push(b'\n');
    out.write_all(&text)
}

struct Fields<'m, M>(&'m mut M);

impl<'kvs, M: SerializeMap> VisitSource<'kvs> for Fields<'_, M> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), KeyError> {
        let written = match value.to_u64() {
            Some(number) => self.0.serialize_entry(key.as_str(), &number),
            None => self
                .0
                .serialize_entry(key.as_str(), &format_args!("{value}")),
        };
        written.map_err(|_| KeyError::msg("a value that cannot be written"))
    }
}
