//! Whether a file ends inside quotes.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::values::Quotes;

/// Notes at the end of a file the line on which a record starts whose quote is never closed.
pub struct Quoted<R> {
    source: R,
    quotes: Quotes,
    unclosed: Arc<AtomicU64>,
}

impl<R> Quoted<R> {
    pub fn of(source: R, separator: u8, unclosed: &Arc<AtomicU64>) -> Self {
        Self {
            source,
            quotes: Quotes::of(separator),
            unclosed: Arc::clone(unclosed),
        }
    }
}

impl<R: Read> Read for Quoted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.source.read(buffer)?;
        if count == 0
            && !buffer.is_empty()
            && let Some(line) = self.quotes.unclosed()
        {
            self.unclosed.store(line, Ordering::Relaxed);
        }
        self.quotes.pass(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}
