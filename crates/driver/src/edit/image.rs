//! The image: read from where the former one is, and written where it belongs.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::panic::resume_unwind;
use std::sync::{Arc, mpsc};
use std::thread;

use morph_link::{Exchange, Sink, relink};

use super::Site;
use crate::image;
use crate::ledger::Ledger;
use crate::unchanged::{self, Edited, LONGEST_IMAGE, Sum};

/// An image in which objects were exchanged.
pub(super) struct New {
    pub(super) sum: Sum,
    /// Its bytes, unless they were written where they belong.
    pub(super) image: Option<Vec<u8>>,
    /// What has changed in its map.
    pub(super) changes: morph_link::Changes,
}

/// Where the bytes of the former image are.
pub(crate) enum FormerImage {
    File(File),
    Bytes(Vec<u8>),
    Shared(Arc<Vec<u8>>),
}

impl FormerImage {
    pub(super) fn of(
        edited: &mut Edited,
        site: &Site<'_>,
        ledger: &mut Ledger,
    ) -> Option<FormerImage> {
        let (length, _) = edited.image;
        if length <= LONGEST_IMAGE as u64 {
            return unchanged::kept_image(ledger, edited.image).map(FormerImage::Bytes);
        }
        // The very file that was compared with its checksum.
        if let Some(file) = edited.file.take() {
            return Some(FormerImage::File(file));
        }
        let last = site.last_image.filter(|image| unchanged::checksum(image) == edited.image)?;
        Some(FormerImage::Shared(Arc::clone(last)))
    }

    fn read(&mut self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let bytes = match self {
            FormerImage::File(file) => return file.read_exact_at(into, offset),
            FormerImage::Bytes(bytes) => bytes,
            FormerImage::Shared(bytes) => &**bytes,
        };
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = start.saturating_add(into.len());
        let found = bytes.get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?;
        into.copy_from_slice(found);
        Ok(())
    }
}

/// The new image: it comes as bytes, unless the former one is a large file, in whose place it is written at once.
pub(super) fn link(
    map: &morph_link::Map,
    exchanges: &[Exchange<'_>],
    former: Sum,
    from: &mut FormerImage,
    site: &Site<'_>,
) -> Option<New> {
    let place = site.image_at.filter(|_| matches!(from, FormerImage::File(_)));
    let mut read = |offset: u64, into: &mut [u8]| from.read(offset, into);
    let is_large = |length: u64| length > LONGEST_IMAGE as u64;
    let new = if let Some(place) = place {
        let written = image::write_with(place, site.deferral, |file| {
            written_beside(file, |sink| {
                relink(map, exchanges, &mut read, sink).map_err(io::Error::other)
            })
        });
        let (changes, sum) = written.ok()?;
        New { sum, image: None, changes }
    } else {
        let mut image = Vec::with_capacity(former.0 as usize + (former.0 as usize >> 3));
        let mut sink = |bytes: &[u8]| {
            image.extend_from_slice(bytes);
            Ok(())
        };
        let changes = relink(map, exchanges, &mut read, &mut sink).ok()?;
        New { sum: unchanged::checksum(&image), image: Some(image), changes }
    };
    // Small ones are kept elsewhere than large ones.
    (is_large(new.sum.0) == is_large(former.0)).then_some(new)
}

/// Writes to a file what `work` gives to its sink, while it goes on with its work; gives its length and checksum too.
pub(super) fn written_beside<T>(
    file: &mut File,
    work: impl FnOnce(&mut Sink<'_>) -> io::Result<T>,
) -> io::Result<(T, Sum)> {
    let (pieces, full) = mpsc::sync_channel::<Vec<u8>>(PIECES);
    let (written, empty) = mpsc::channel::<Vec<u8>>();
    thread::scope(|scope| {
        let writer = scope.spawn(move || {
            let mut hasher = crc32fast::Hasher::new();
            let mut length = 0;
            for mut piece in full {
                hasher.update(&piece);
                length += piece.len() as u64;
                file.write_all(&piece)?;
                piece.clear();
                // Whoever made it may be through with its work.
                let _taken_back = written.send(piece);
            }
            io::Result::Ok((length, hasher.finalize()))
        });
        let mut sink = |bytes: &[u8]| {
            let mut piece = empty.try_recv().unwrap_or_default();
            piece.extend_from_slice(bytes);
            // A writer that has ended says why below.
            pieces.send(piece).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
        };
        let done = work(&mut sink);
        drop(pieces);
        let sum = match writer.join() {
            Ok(sum) => sum?,
            Err(panic) => resume_unwind(panic),
        };
        Ok((done?, sum))
    })
}

/// So many pieces wait to be written at most.
const PIECES: usize = 4;
