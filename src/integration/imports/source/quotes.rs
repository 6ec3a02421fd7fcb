//! Whether a file ends inside quotes.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Watches quotes as they pass: a record that ends with the file inside quotes has swallowed every
/// line after the quote, and a reader takes it for a whole one.
pub struct Quotes<R> {
    source: R,
    separator: u8,
    is_quoted: bool,
    is_cell_start: bool,
    line: u64,
    start: u64,
    unclosed: Arc<AtomicU64>,
}

impl<R> Quotes<R> {
    pub fn of(source: R, separator: u8, unclosed: &Arc<AtomicU64>) -> Self {
        Self {
            source,
            separator,
            is_quoted: false,
            is_cell_start: true,
            line: 1,
            start: 1,
            unclosed: Arc::clone(unclosed),
        }
    }

    fn pass(&mut self, byte: u8) {
        if byte == b'\n' {
            self.line = self.line.saturating_add(1);
        }
        if self.is_quoted {
            // A doubled quote closes and opens again.
            self.is_quoted = byte != b'"';
            self.is_cell_start = !self.is_quoted;
        } else if byte == b'"' && self.is_cell_start {
            self.is_quoted = true;
        } else {
            self.is_cell_start = byte == self.separator || byte == b'\n' || byte == b'\r';
            if byte == b'\n' {
                self.start = self.line;
            }
        }
    }
}

impl<R: Read> Read for Quotes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.source.read(buffer)?;
        if count == 0 && self.is_quoted && !buffer.is_empty() {
            self.unclosed.store(self.start, Ordering::Relaxed);
        }
        let passed = buffer.get(..count).unwrap_or_default();
        passed.iter().for_each(|byte| self.pass(*byte));
        Ok(count)
    }
}
