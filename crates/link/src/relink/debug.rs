//! What debuggers read: lines and frames of the former image where nothing has changed, new ones where something has.

use morph_object::Section;

use super::pieces::{Out, Window, add, word};
use super::plan::{Plan, STAYS};
use super::{Former, Unfit, unfit};
use crate::Machine;
use crate::dwarf::{self, ADDRESS_IN_FRAME, ADDRESS_IN_SEQUENCE, Head};
use crate::elf::DebugSection;
use crate::layout::{Layout, Share};
use crate::map::{Placed, Run};
use crate::tables;

impl Plan<'_> {
    /// Bytes of each unit's former lines for debuggers.
    pub(super) fn old_lines(&self) -> Vec<u32> {
        let size = |(run, _, objects): (&Run, usize, &[Placed])| {
            run.head + objects.iter().map(|placed| placed.sequence).sum::<u32>()
        };
        self.old.runs().map(size).collect()
    }

    /// The sections for debuggers of the former image.
    pub(super) fn former_sections(&self, lines: &[u32]) -> Result<Vec<(&'static str, u64)>, Unfit> {
        let heads = self.heads(&self.was, lines, |at| self.old.objects[at].share)?;
        let lines = lines.iter().map(|length| u64::from(*length)).sum();
        let frames: u64 = self.old.objects.iter().map(|placed| u64::from(placed.frames)).sum();
        let frames = frames + u64::from(self.old.frames);
        Ok(in_order(heads, lines, frames).iter().map(|part| (part.name(), part.size())).collect())
    }

    /// What is told of each unit beside its lines.
    pub(super) fn heads(
        &self,
        layout: &Layout,
        lines: &[u32],
        share: impl Fn(usize) -> Share,
    ) -> Result<[DebugSection; 2], Unfit> {
        let mut at = 0;
        let mut heads = Vec::with_capacity(lines.len());
        for ((run, first, objects), length) in self.old.runs().zip(lines) {
            let own = first..first + objects.len();
            let text = |at: usize| layout.parts[at].text;
            let start = own.clone().map(text).min();
            let end = own.map(|at| text(at) + u64::from(share(at).text)).max();
            heads.push(Head {
                path: &run.path,
                span: (start.unwrap_or(0), end.unwrap_or(0)),
                lines: (*length != 0).then_some(at),
            });
            at += length;
        }
        Ok(dwarf::heads(&heads))
    }

    /// The sections for debuggers; of those that are large, what will be in them.
    pub(super) fn debug(
        &mut self,
        old_lines: &[u32],
        places: &[(&str, u64)],
        former: &mut Former<'_>,
    ) -> Result<Vec<Part>, Unfit> {
        let place = |wanted: &str| {
            places.iter().find(|(name, _)| *name == wanted).map_or(0, |(_, place)| *place)
        };
        let (lines_at, frames_at) = (place(".debug_line"), place(".debug_frame"));
        let mut units = Vec::with_capacity(old_lines.len());
        let mut lengths = Vec::with_capacity(old_lines.len());
        let mut at = lines_at;
        let mut table = self.was.lines.offset;
        let runs: Vec<(String, usize, usize, u32)> = self
            .old
            .runs()
            .map(|(run, first, objects)| (run.path.clone(), first, objects.len(), run.head))
            .collect();
        for (number, (path, first, count, head)) in runs.into_iter().enumerate() {
            let objects = first..first + count;
            let stays = objects.clone().all(|at| self.fates[at] == STAYS);
            let length = old_lines[number];
            if stays {
                units.push(Lines::Stay { at, head, first, count });
                lengths.push(length);
                let lines: u32 = self.old.objects[objects].iter().map(|one| one.share.lines).sum();
                table += u64::from(lines) * tables::LINE_ENTRY as u64;
            } else {
                let mut sequences = Vec::with_capacity(count);
                for at in objects {
                    sequences.push(self.sequence(at, table, former)?);
                    table +=
                        u64::from(self.old.objects[at].share.lines) * tables::LINE_ENTRY as u64;
                }
                let (bytes, each) = if sequences.iter().all(|one| one.rows.is_empty()) {
                    (Vec::new(), vec![0; count])
                } else {
                    dwarf::lines(&path, &sequences)
                };
                for (at, length) in (first..).zip(&each) {
                    if let Some(now) = self.changed.get_mut(self.fates[at] as usize) {
                        now.placed.sequence = *length;
                    } else if self.old.objects[at].sequence != *length {
                        return unfit("the map is damaged");
                    }
                }
                let head = bytes.len() as u32 - each.iter().sum::<u32>();
                self.heads.insert(number as u32, head);
                lengths.push(bytes.len() as u32);
                units.push(Lines::Made(bytes));
            }
            at += u64::from(length);
        }
        let heads = self.heads(&self.now, &lengths, |at| self.placed(at).share)?;
        let frames = self.new_frames();
        let lines = lengths.iter().map(|length| u64::from(*length)).sum();
        let mut parts = in_order(heads, lines, frames);
        for part in &mut parts {
            match part {
                Part::Lines { units: slot, .. } => *slot = std::mem::take(&mut units),
                Part::Frames { at, .. } => *at = frames_at,
                Part::Made(_) => {}
            }
        }
        Ok(parts)
    }

    /// Bytes of the descriptions of all frames.
    pub(super) fn new_frames(&mut self) -> u64 {
        let mut sum = u64::from(self.old.frames);
        for (at, fate) in self.fates.iter().enumerate() {
            let text = self.now.parts[at].text;
            sum += u64::from(match self.changed.get_mut(*fate as usize) {
                None => self.old.objects[at].frames,
                Some(now) => {
                    if let Some(object) = now.object {
                        let bytes = dwarf::frames(Machine::X86_64, object, text);
                        now.placed.frames = bytes.len() as u32;
                    }
                    now.placed.frames
                }
            });
        }
        sum
    }

    pub(super) fn put_lines(
        &self,
        units: Vec<Lines>,
        former: &mut Former<'_>,
        out: &mut Out<'_, '_>,
    ) -> Result<(), Unfit> {
        for unit in units {
            let (at, head, first, count) = match unit {
                Lines::Made(bytes) => {
                    out.put(&bytes)?;
                    continue;
                }
                Lines::Stay { at, head, first, count } => (at, head, first, count),
            };
            let objects = &self.old.objects[first..first + count];
            let length: u32 = head + objects.iter().map(|one| one.sequence).sum::<u32>();
            if length == 0 {
                continue;
            }
            let mut bytes = vec![0; length as usize];
            former(at, &mut bytes)?;
            let mut from = head as usize;
            for (number, placed) in (first..).zip(objects) {
                if placed.sequence != 0 {
                    add(&mut bytes, from + ADDRESS_IN_SEQUENCE, self.moved(number, Section::Text))?;
                }
                from += placed.sequence as usize;
            }
            out.put(&bytes)?;
        }
        Ok(())
    }

    pub(super) fn put_frames(
        &self,
        at: u64,
        former: &mut Former<'_>,
        out: &mut Out<'_, '_>,
    ) -> Result<(), Unfit> {
        let size: u64 = self.old.objects.iter().map(|placed| u64::from(placed.frames)).sum();
        let end = at + u64::from(self.old.frames) + size;
        let mut window = Window::default();
        let mut from = at + u64::from(self.old.frames);
        if self.old.frames != 0 {
            let shared = window.get(former, at, self.old.frames as usize, end)?;
            out.put(shared)?;
        }
        for (number, placed) in self.old.objects.iter().enumerate() {
            let length = placed.frames as usize;
            let begin = from;
            from += length as u64;
            if let Some(object) = self.object(number) {
                let text = self.now.parts[number].text;
                out.put(&dwarf::frames(Machine::X86_64, object, text))?;
                continue;
            }
            if length == 0 {
                continue;
            }
            let bytes = out.room(window.get(former, begin, length, end)?)?;
            let by = self.moved(number, Section::Text);
            let mut next = 0;
            while next < length {
                add(bytes, next + ADDRESS_IN_FRAME, by)?;
                next += 4 + bytes.get(next..next + 4).map_or(length, |size| word(size, 0) as usize);
            }
        }
        Ok(())
    }
}

/// A section for debuggers.
pub(super) enum Part {
    Made(DebugSection),
    Lines { size: u64, units: Vec<Lines> },
    Frames { size: u64, at: u64 },
}

/// The lines of a unit.
pub(super) enum Lines {
    /// They stand at `at` of the former image.
    Stay {
        at: u64,
        head: u32,
        first: usize,
        count: usize,
    },
    Made(Vec<u8>),
}

impl Part {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Part::Made(section) => section.name,
            Part::Lines { .. } => ".debug_line",
            Part::Frames { .. } => ".debug_frame",
        }
    }

    pub(super) fn size(&self) -> u64 {
        match self {
            Part::Made(section) => section.bytes.len() as u64,
            Part::Lines { size, .. } | Part::Frames { size, .. } => *size,
        }
    }
}

/// The sections in the order in which [`dwarf::of`] gives them; of those that are not heads only the sizes.
pub(super) fn in_order([abbrev, info]: [DebugSection; 2], lines: u64, frames: u64) -> Vec<Part> {
    let mut parts = vec![Part::Made(abbrev)];
    parts.push(Part::Lines { size: lines, units: Vec::new() });
    parts.push(Part::Made(info));
    parts.push(Part::Frames { size: frames, at: 0 });
    parts.retain(|part| part.size() != 0 || matches!(part, Part::Made(_)));
    parts
}
