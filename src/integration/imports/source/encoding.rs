//! From the bytes of a file to those of its text: unpacked, without its mark, and no longer UTF-16.

use std::io::{Cursor, Read};

use flate2::read::MultiGzDecoder;

use crate::integration::imports::ImportError;

/// How much is read to recognise gzip and the separator: more than any header.
const SNIFFED: u64 = 64 * 1024;
const GZIP: &[u8] = &[0x1f, 0x8b];
const BOM: &[u8] = &[0xef, 0xbb, 0xbf];

/// The first bytes of a ZIP archive, which xlsx and ods are, and of an xls.
const SPREADSHEETS: [&[u8]; 2] = [b"PK\x03\x04", &[0xd0, 0xcf, 0x11, 0xe0]];
pub type Plain<'s> = Box<dyn Read + Send + 's>;

/// The source without gzip and BOM, in UTF-8 unless it is in an encoding of single bytes; whether
/// it was UTF-16.
pub fn unpacked<'s>(source: impl Read + Send + 's) -> Result<(Plain<'s>, bool), ImportError> {
    let (packed_head, packed) = looked_at(source).map_err(ImportError::Source)?;
    let (head, mut plain) = if packed_head.starts_with(GZIP) {
        looked_at(MultiGzDecoder::new(packed)).map_err(ImportError::Source)?
    } else {
        (packed_head, packed)
    };
    if SPREADSHEETS.iter().any(|start| head.starts_with(start)) {
        return Err(ImportError::Spreadsheet);
    }
    let Some(utf16) = utf16(&head) else {
        if head.starts_with(BOM) {
            plain.read_exact(&mut [0; 3]).map_err(ImportError::Source)?;
        }
        return Ok((plain, false));
    };
    let mut bytes = Vec::new();
    plain.read_to_end(&mut bytes).map_err(ImportError::Source)?;
    let text = utf16.decode_with_bom_removal(&bytes).0.into_owned();
    Ok((Box::new(Cursor::new(text)), true))
}

/// Which UTF-16 it is: by its mark, or by the halves of its first letters, most of which are ASCII.
fn utf16(head: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let halves = |from: usize| {
        let mut halves = head.iter().skip(from).step_by(2).take(16).peekable();
        halves.peek().is_some() && halves.all(|half| *half == 0)
    };
    match head {
        [0xff, 0xfe, ..] => Some(encoding_rs::UTF_16LE),
        [0xfe, 0xff, ..] => Some(encoding_rs::UTF_16BE),
        _ if halves(1) => Some(encoding_rs::UTF_16LE),
        _ if halves(0) => Some(encoding_rs::UTF_16BE),
        _ => None,
    }
}

/// The first bytes of a source, and the source with them still in front.
pub fn looked_at<'s>(mut source: impl Read + Send + 's) -> std::io::Result<(Vec<u8>, Plain<'s>)> {
    let mut head = Vec::new();
    source.by_ref().take(SNIFFED).read_to_end(&mut head)?;
    let whole = Cursor::new(head.clone()).chain(source);
    Ok((head, Box::new(whole)))
}
