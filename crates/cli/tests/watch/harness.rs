//! A watch and its program, and what they say.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Where a line was said.
#[derive(Clone, Copy)]
enum Stream {
    Out,
    Err,
}

/// A watch that is going on, and all that it and its program say, line by line.
pub(crate) struct Watch {
    folder: tempfile::TempDir,
    child: Child,
    lines: Receiver<(Stream, String)>,
}

impl Watch {
    pub(crate) fn new(program: &str, args: &[&str]) -> Watch {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.fox"), program).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_morph"))
            .args(["watch", "a.fox", "--lang", "en", "--color", "never"])
            .args(args)
            .current_dir(folder.path())
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let out: Box<dyn std::io::Read + Send> = Box::new(child.stdout.take().unwrap());
        let err: Box<dyn std::io::Read + Send> = Box::new(child.stderr.take().unwrap());
        for (stream, from) in [(Stream::Out, out), (Stream::Err, err)] {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(from).lines().map_while(Result::ok) {
                    if sender.send((stream, line)).is_err() {
                        return;
                    }
                }
            });
        }
        Watch { folder, child, lines }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Saves as editors do that are careful: nobody sees half of a text, or none.
    pub(crate) fn save(&self, name: &str, text: &str) {
        let new = self.path().join(format!("{name}.baru"));
        fs::write(&new, text).unwrap();
        fs::rename(new, self.path().join(name)).unwrap();
    }

    /// Saves as other editors do.
    pub(crate) fn overwrite(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    /// Waits until all of these were said, in any order; gives everything that was said meanwhile: to standard error, then to standard output.
    #[track_caller]
    pub(crate) fn until(&self, wanted: &[&str]) -> String {
        let (mut out, mut err) = (String::new(), String::new());
        // A program that talks without end is no reason to wait for ever.
        let end = Instant::now() + Duration::from_secs(60);
        while !wanted.iter().all(|wanted| out.contains(wanted) || err.contains(wanted)) {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok((Stream::Out, line)) => out = out + &line + "\n",
                Ok((Stream::Err, line)) => err = err + &line + "\n",
                Err(error) => panic!("{error}: waited for {wanted:?}, heard\n{err}{out}"),
            }
        }
        err + &out
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
