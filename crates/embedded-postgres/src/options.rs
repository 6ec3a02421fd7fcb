//! The server's settings, given on its command line: the cluster's own configuration stays as
//! `initdb` made it, and a newer release of the service brings its settings with it.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use super::Durability;
use super::cluster::{Cluster, PORT};
use super::shared_memory;

/// The options for `pg_ctl -o`, which passes them through a shell.
pub(super) fn shell_words(cluster: &Cluster, durability: Durability) -> OsString {
    let mut words = b"-D ".to_vec();
    quote(cluster.data.as_os_str().as_bytes(), &mut words);
    for (name, value) in settings(cluster, durability) {
        words.extend_from_slice(b" -c ");
        words.extend_from_slice(name.as_bytes());
        words.push(b'=');
        quote(&value, &mut words);
    }
    OsString::from_vec(words)
}

fn settings(cluster: &Cluster, durability: Durability) -> Vec<(&'static str, Vec<u8>)> {
    let mut settings: Vec<(&str, Vec<u8>)> = vec![
        ("cluster_name", cluster.place.tag.clone().into_bytes()),
        ("unix_socket_directories", listed(&cluster.sockets)),
        ("port", PORT.to_string().into_bytes()),
    ];
    let mut fixed = vec![
        ("listen_addresses", ""),
        ("jit", "off"),
        // A page read by an index costs about what one read in a row does, on what servers have now.
        ("random_page_cost", "1.1"),
        // Indicators sort and group by the hundred thousand.
        ("work_mem", "16MB"),
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
        ("log_destination", "stderr"),
        ("logging_collector", "off"),
        ("log_min_messages", "warning"),
    ];
    fixed.extend_from_slice(match durability {
        Durability::Durable => &[("max_connections", "100")],
        Durability::Disposable => &[
            ("max_connections", "300"),
            ("fsync", "off"),
            ("synchronous_commit", "off"),
            ("full_page_writes", "off"),
        ],
    });
    fixed.extend_from_slice(if shared_memory::is_scarce() {
        &[shared_memory::SUBSTITUTE, ("shared_buffers", "32MB")]
    } else {
        &[("shared_buffers", "128MB")]
    });
    settings.extend(fixed.into_iter().map(|(name, value)| (name, value.into())));
    settings
}

/// One element of a list of directories, where a comma or a space would separate two.
fn listed(directory: &Path) -> Vec<u8> {
    let mut element = vec![b'"'];
    for byte in directory.as_os_str().as_bytes() {
        if *byte == b'"' {
            element.push(b'"');
        }
        element.push(*byte);
    }
    element.push(b'"');
    element
}

/// Appends one word of the shell's language that means exactly `value`.
fn quote(value: &[u8], words: &mut Vec<u8>) {
    words.push(b'\'');
    for byte in value {
        match byte {
            b'\'' => words.extend_from_slice(br"'\''"),
            _ => words.push(*byte),
        }
    }
    words.push(b'\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_for_the_shell_and_for_the_list() {
        let mut words = Vec::new();
        quote(b"it's $HOME", &mut words);
        assert_eq!(words, br"'it'\''s $HOME'");
        assert_eq!(listed(Path::new("/a, \"b\"")), b"\"/a, \"\"b\"\"\"");
    }
}
