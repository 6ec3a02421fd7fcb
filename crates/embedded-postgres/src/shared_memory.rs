//! Systems with little or no POSIX shared memory.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;

use nix::sys::statvfs::statvfs;

use super::error::EmbeddedError;

/// Docker gives a container 64 MB, which one parallel query can exceed.
const ENOUGH: u64 = 128 * 1024 * 1024;

/// What takes the place of POSIX shared memory: files in the cluster.
pub(super) const SUBSTITUTE: (&str, &str) = ("dynamic_shared_memory_type", "mmap");

const SAMPLE: &str = "postgresql.conf.sample";

/// Whether there is too little. Only Linux keeps POSIX shared memory in a file system, which
/// containers make small or leave out.
#[expect(
    clippy::useless_conversion,
    reason = "the numbers are narrower on some systems"
)]
pub(super) fn is_scarce() -> bool {
    cfg!(target_os = "linux")
        && statvfs("/dev/shm").map_or(true, |found| {
            let free = u64::from(found.blocks_available()) * u64::from(found.fragment_size());
            free < ENOUGH
        })
}

/// Lays out in `directory` what `initdb` reads from PostgreSQL's `share`, but with the substitute
/// in the sample of the configuration. `initdb` looks only whether POSIX shared memory is there,
/// not whether it is large enough, and before version 16 there is no other way to tell it.
pub(super) fn lay_out(share: &Path, directory: &Path) -> Result<(), EmbeddedError> {
    let reading = |error| EmbeddedError::io("read", share)(error);
    for entry in fs::read_dir(share).map_err(reading)? {
        let entry = entry.map_err(reading)?;
        let link = directory.join(entry.file_name());
        if entry.file_name() == SAMPLE {
            fs::copy(entry.path(), &link).map(drop)
        } else {
            symlink(entry.path(), &link)
        }
        .map_err(EmbeddedError::io("create", &link))?;
    }
    let (name, value) = SUBSTITUTE;
    let sample = directory.join(SAMPLE);
    OpenOptions::new()
        .append(true)
        .open(&sample)
        .and_then(|mut file| writeln!(file, "{name} = {value}"))
        .map_err(EmbeddedError::io("write", &sample))
}
