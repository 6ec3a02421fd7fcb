//! The quotes of a delimited text (RFC 4180).

/// Watches quotes as bytes pass: a record that ends with the text inside quotes has swallowed every
/// line after the quote, and a reader takes it for a whole one.
#[derive(Debug, Clone, Copy)]
pub struct Quotes {
    separator: u8,
    is_quoted: bool,
    is_cell_start: bool,
    line: u64,
    start: u64,
}

impl Quotes {
    /// Before the first byte of a text whose cells this separates.
    pub const fn of(separator: u8) -> Self {
        Self {
            separator,
            is_quoted: false,
            is_cell_start: true,
            line: 1,
            start: 1,
        }
    }

    /// Takes note of the next bytes.
    pub fn pass(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.pass_one(*byte);
        }
    }

    fn pass_one(&mut self, byte: u8) {
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

    /// Where the text ends here inside quotes: the line on which its last record starts, from 1.
    pub fn unclosed(&self) -> Option<u64> {
        self.is_quoted.then_some(self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_that_is_never_closed_is_told_by_the_line_where_its_record_starts() {
        for (text, line) in [
            ("a,b\n1,\"2\n3,4\n", Some(2)),
            ("a,b\n1,\"2\n2\"\n3,\"\"\"4\n5,6", Some(4)),
            ("a,\"b\n", Some(1)),
            ("a,b\n1,\"2\"\"\n\"\n3,4\"\n", None),
            ("a,b\n1, \"2\n", None),
            ("a,b\n\"1\",\"\"\n", None),
        ] {
            let mut quotes = Quotes::of(b',');
            quotes.pass(text.as_bytes());
            assert_eq!(quotes.unclosed(), line, "{text:?}");
        }
    }
}
