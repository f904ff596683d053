//! How much of an archive is looked at; one that holds more is refused. All are far above
//! what any image here needs: the largest has a compiler in it.

/// Bytes of an archive or of all its layers, once inflated.
pub const INFLATED_BYTES: u64 = 2 << 30;
/// Bytes of one file in a layer, which is held in memory while it is looked into.
pub const FILE_BYTES: u64 = 512 << 20;
/// Bytes of manifest.json, and of the configuration.
pub const JSON_BYTES: u64 = 1 << 20;
/// Images in one archive.
pub const IMAGES: usize = 16;
/// Bytes of one extended tar header: a long name, or pax records.
pub const HEADER_BYTES: u64 = 64 << 10;
/// Bytes of a path, as the kernel has it.
pub const PATH_BYTES: usize = 4096;
/// Entries of an archive and all its layers together.
pub const ENTRIES: usize = 200_000;
/// Differences of two layers that are reported; the rest is counted.
pub const DIFFERENCES: usize = 20;
/// Findings that are reported; the rest is counted.
pub const FINDINGS: usize = 200;
