//! What earlier builds found out, and this one need not find out again.
//!
//! Two kinds of results are kept: of a unit's text its fragments, each read on its own; and of a fragment, what checking and compiling it
//! came to. The key of the first is the text. The key of the second is all that is known before the work is done
//! ([`fragment_key`](crate::key::fragment_key)); what it asked besides stands in the result, and each answer must still be the same.
//!
//! What comes out of the store is read like the reply of a worker: nothing in it is trusted.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use morph_diag::{Diagnostic, FragmentId, Label, Origin};
use morph_fault::fault::Key;
use morph_sema::summary::Side;
use morph_store::{Limits, Sections, Store, Value};
use morph_syntax::Piece;
use serde::{Deserialize, Serialize};
use serde_bytes::Bytes;

use crate::history::History;
use crate::isolation::{Reuse, StoreStep, StoreWatcher};
use crate::key::Hasher;
use crate::ledger::Note;
use crate::protection::compiler_build;
use crate::unchanged::{Digest, digest};

/// The results of one project.
pub(crate) struct Results {
    store: Option<Store>,
    reuse: Reuse,
    /// Which part of the fragments is compared this time, of [`SAMPLE`].
    sample: u8,
    /// On whose behalf entries are kept: the root and the options of this build.
    user: String,
    /// How many fragments were compiled earlier, and how many now.
    reused: usize,
    made: usize,
    /// Most fragments were not asked for: what their users needed before they need still.
    partly: bool,
}

/// One fragment in so many is made again and compared when there is time.
const SAMPLE: u8 = 64;

/// A unit's fragments as they are kept: pieces and what a look at each gave, as the workers said it.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptUnit<'b> {
    #[serde(borrow)]
    pub(crate) pieces: &'b Bytes,
    #[serde(borrow)]
    pub(crate) seen: Vec<&'b Bytes>,
}

/// A fragment's result as it is kept.
#[derive(Deserialize)]
pub(crate) struct KeptBuilt<'b> {
    /// The definitions of other fragments that its diagnostics mark, by their ids when it was made.
    #[serde(borrow)]
    pub(crate) marked: Vec<(FragmentId, Definition<'b>)>,
    #[serde(borrow)]
    pub(crate) reply: &'b Bytes,
}

/// A key of the store with its value, in two parts: the second one is long, and not copied.
pub(crate) struct Entry<'r> {
    key: [u8; 32],
    head: Vec<u8>,
    reply: &'r [u8],
}

impl<'r> Entry<'r> {
    /// Of the fragment with this key; the value is what a [`KeptBuilt`] is read from.
    pub(crate) fn built(
        key: &Key,
        marked: &[(FragmentId, Definition<'_>)],
        reply: &'r [u8],
    ) -> Entry<'r> {
        Entry { key: built_key(key), head: encode(&(marked, reply.len())), reply }
    }
}

/// A definition by what stays the same when it moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Definition<'b> {
    pub(crate) side: Side,
    #[serde(borrow)]
    pub(crate) keyword: Cow<'b, str>,
    #[serde(borrow)]
    pub(crate) name: Cow<'b, str>,
}

impl Results {
    /// Those in `folder`, for the builds that `user` names.
    pub(crate) fn open(
        folder: Option<&Path>,
        reuse: Reuse,
        user: String,
        watcher: Option<StoreWatcher>,
    ) -> Results {
        let folder = folder.filter(|_| reuse != Reuse::Nothing);
        let store = folder.map(|folder| {
            let watcher = watcher.map(|watcher| {
                let told: Box<dyn FnMut(StoreStep)> =
                    Box::new(move |step| (watcher.borrow_mut())(step));
                told
            });
            Store::open_with(folder, Limits::default(), watcher)
        });
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let sample = u8::try_from(now.as_secs() / 10 % u64::from(SAMPLE)).unwrap_or(0);
        Results { store, reuse, sample, user, reused: 0, made: 0, partly: false }
    }

    /// Whether results are kept.
    pub(crate) fn are_kept(&self) -> bool {
        self.store.is_some() && self.reuse != Reuse::History
    }

    /// Whether they are taken as they are, unseen.
    pub(crate) fn are_taken(&self) -> bool {
        self.store.is_some() && self.reuse == Reuse::Results
    }

    /// Whether it is written down what became of the fragments.
    pub(crate) fn have_history(&self) -> bool {
        self.store.is_some()
    }

    /// Whether everything is made again.
    pub(crate) fn are_verified(&self) -> bool {
        self.reuse == Reuse::Verify
    }

    /// Whether what is kept of the fragment with this key is compared with what comes out now.
    pub(crate) fn is_verified(&self, Key(key): &Key) -> bool {
        match self.reuse {
            Reuse::Verify => true,
            Reuse::Sample => key[0] % SAMPLE == self.sample,
            Reuse::Results | Reuse::History | Reuse::Nothing => false,
        }
    }

    /// What is known of a unit with this text.
    pub(crate) fn unit(&mut self, side: Side, text: &str) -> Option<&[u8]> {
        self.unit_with(side, &digest(text))
    }

    /// What is known of a unit whose text has this digest.
    pub(crate) fn unit_with(&mut self, side: Side, text: &Digest) -> Option<&[u8]> {
        if self.are_verified() || !self.are_kept() {
            return None;
        }
        let store = self.store.as_mut()?;
        if side == Side::Program {
            store.need(&text_key(text));
        }
        store.get(&unit_key(side, text))
    }

    /// The text of a unit of the program, if there was one with this digest.
    pub(crate) fn text(&mut self, text: &Digest) -> Option<String> {
        let kept = self.store.as_mut()?.get(&text_key(text))?;
        String::from_utf8(kept.to_vec()).ok()
    }

    pub(crate) fn keep_unit(&mut self, side: Side, text: &str, pieces: &[Piece], seen: &[&[u8]]) {
        if !self.are_kept() {
            return;
        }
        let seen = seen.iter().map(|seen| Bytes::new(seen)).collect();
        let pieces = encode(&pieces);
        let kept = KeptUnit { pieces: Bytes::new(&pieces), seen };
        self.keep_unit_as(side, text, &encode(&kept));
    }

    /// Keeps of a unit with this text what was kept before.
    pub(crate) fn keep_unit_as(&mut self, side: Side, text: &str, kept: &[u8]) {
        let Some(store) = &mut self.store else { return };
        let digest = digest(text);
        put(store, unit_key(side, &digest), &[kept]);
        // Nobody edits the library.
        if side == Side::Program {
            put(store, text_key(&digest), &[text.as_bytes()]);
        }
    }

    /// What is known of the fragment with this key.
    pub(crate) fn built(&mut self, key: &Key) -> Option<&[u8]> {
        self.store.as_mut()?.get(&built_key(key))
    }

    /// The same for many keys, not checked yet.
    pub(crate) fn all_built(&mut self, keys: &[&Key]) -> Vec<Option<Value<'_>>> {
        let Some(store) = &mut self.store else { return vec![None; keys.len()] };
        let places: Vec<_> = keys.iter().map(|key| store.find(&built_key(key))).collect();
        let store = &*store;
        places.into_iter().map(|place| store.at(&place?)).collect()
    }

    pub(crate) fn put(&mut self, Entry { key, head, reply }: &Entry<'_>) {
        if let Some(store) = &mut self.store {
            put(store, *key, &[head, reply]);
        }
    }

    /// What is kept of the fragment with this key is wrong.
    pub(crate) fn evict_built(&mut self, key: &Key) {
        if let Some(store) = &mut self.store {
            store.evict(&built_key(key));
        }
    }

    /// So many fragments were taken, and so many made.
    pub(crate) fn count(&mut self, reused: usize, made: usize) {
        self.reused += reused;
        self.made += made;
    }

    /// How many fragments were taken, and how many made.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.reused, self.made)
    }

    /// Most fragments are not asked for in this build.
    pub(crate) fn ask_partly(&mut self) {
        self.partly = true;
    }

    /// All of this build is forgotten: it begins anew.
    pub(crate) fn begin_anew(&mut self) {
        (self.reused, self.made, self.partly) = (0, 0, false);
        if let Some(store) = &mut self.store {
            store.forget_new();
        }
    }

    /// What earlier builds did, as the last one left it.
    pub(crate) fn history(&mut self) -> Option<History> {
        History::read(&self.user, self.store.as_mut()?)
    }

    /// A record of the project in sections.
    pub(crate) fn sections(&mut self, name: &str) -> Option<Sections> {
        self.store.as_mut()?.sections(name)
    }

    /// Writes a record in sections, as [`Results::set_record`] does.
    pub(crate) fn set_sections(&mut self, name: &str, sections: &[&[u8]], notes: &mut Vec<Note>) {
        self.change(notes, |store| store.set_sections(name, sections));
    }

    /// Removes a record, if it is there.
    pub(crate) fn remove_record(&mut self, name: &str, notes: &mut Vec<Note>) {
        self.change(notes, |store| store.remove_record(name));
    }

    /// A record of the project with this name.
    pub(crate) fn record(&mut self, name: &str) -> Option<Vec<u8>> {
        self.store.as_mut()?.record(name)
    }

    /// Writes a record.
    pub(crate) fn set_record(&mut self, name: &str, value: &[u8], notes: &mut Vec<Note>) {
        self.change(notes, |store| store.set_record(name, value));
    }

    /// Gives a record another name too.
    pub(crate) fn copy_record(&mut self, from: &str, to: &str, notes: &mut Vec<Note>) {
        self.change(notes, |store| store.copy_record(from, to));
    }

    /// Keeps a file under a name.
    pub(crate) fn keep_file(&mut self, name: &str, path: &Path, notes: &mut Vec<Note>) {
        self.change(notes, |store| store.keep_file(name, path));
    }

    /// Keeps the bytes of a file under a name.
    pub(crate) fn keep_bytes(&mut self, name: &str, bytes: &[u8], notes: &mut Vec<Note>) {
        self.change(notes, |store| store.keep_bytes(name, bytes));
    }

    /// The file that was kept under a name.
    pub(crate) fn file(&self, name: &str) -> Option<File> {
        self.store.as_ref()?.file(name)
    }

    /// Changes a record. That it could not be written is told when the results are closed.
    fn change(&mut self, notes: &mut Vec<Note>, change: impl FnOnce(&mut Store) -> io::Result<()>) {
        if let Some(store) = &mut self.store
            && let Err(error) = change(store)
        {
            notes.push(unwritten(&error));
        }
    }

    /// On whose behalf entries are kept.
    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    /// Writes what is new.
    pub(crate) fn close(&mut self, notes: &mut Vec<Note>) {
        let Some(store) = &mut self.store else { return };
        let now = SystemTime::now();
        let done = if self.partly {
            store.commit_more(&self.user, now)
        } else {
            store.commit(&self.user, now)
        };
        if let Err(error) = done {
            notes.push(unwritten(&error));
        }
        for problem in store.problems() {
            notes.push(Note::StoreUnused { problem: problem.to_string() });
        }
    }
}

/// What is there already is not written again.
fn put(store: &mut Store, key: [u8; 32], parts: &[&[u8]]) {
    let begins = |value: &mut &[u8], part: &[u8]| match value.strip_prefix(part) {
        Some(rest) => {
            *value = rest;
            true
        }
        None => false,
    };
    let is_there =
        |mut value: &[u8]| parts.iter().all(|part| begins(&mut value, part)) && value.is_empty();
    if !store.get(&key).is_some_and(is_there) {
        store.put_parts(key, parts);
    }
}

fn unwritten(error: &io::Error) -> Note {
    let refused =
        matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem);
    Note::StoreUnwritten { problem: error.to_string(), refused }
}

fn unit_key(side: Side, text: &Digest) -> [u8; 32] {
    let Key(key) = Hasher::of("unit of the store")
        .bytes(&compiler_build().0)
        .number(side as u64)
        .bytes(text)
        .finish();
    key
}

fn text_key(text: &Digest) -> [u8; 32] {
    let Key(key) = Hasher::of("text of the store").bytes(text).finish();
    key
}

fn built_key(key: &Key) -> [u8; 32] {
    let Key(key) =
        Hasher::of("fragment of the store").bytes(&compiler_build().0).bytes(&key.0).finish();
    key
}

fn encode(value: &impl Serialize) -> Vec<u8> {
    // Values without maps or floating lengths are always written.
    postcard::to_stdvec(value).unwrap_or_default()
}

/// The marks in other fragments.
pub(crate) fn foreign_marks(diagnostics: &mut [Diagnostic]) -> impl Iterator<Item = &mut Label> {
    let labels = diagnostics.iter_mut().flat_map(|diagnostic| &mut diagnostic.secondary);
    labels.filter(|label| matches!(label.origin, Origin::Fragment(_)))
}
