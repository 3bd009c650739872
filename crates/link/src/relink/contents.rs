//! Code, constants and data: bytes of the former image with their fields moved, and bytes of new objects.

use morph_object::{Object, RelocKind, Section};

use super::pieces::{Out, Window};
use super::plan::{Plan, each_fixup};
use super::{Former, Unfit, unfit};
use crate::map::{Fixup, Placed};
use crate::relocation::resolve;

impl Plan<'_> {
    /// The objects' parts of one section.
    pub(super) fn contents(
        &self,
        section: Section,
        former: &mut Former<'_>,
        out: &mut Out<'_, '_>,
    ) -> Result<(), Unfit> {
        let (was, now) = match section {
            Section::Text => (self.was.text, self.now.text),
            Section::Rodata => (self.was.rodata, self.now.rodata),
            Section::Data => (self.was.data, self.now.data),
            Section::Bss => return Ok(()),
        };
        let size = |placed: &Placed| match section {
            Section::Text => placed.share.text,
            Section::Rodata => placed.share.rodata,
            Section::Data | Section::Bss => placed.share.data,
        };
        let mut window = Window::default();
        for (at, placed) in self.old.objects.iter().enumerate() {
            let place = self.now.parts[at].of(section);
            if let Some(object) = self.object(at) {
                let bytes = match section {
                    Section::Text => &object.text,
                    Section::Rodata => &object.rodata,
                    Section::Data | Section::Bss => &object.data,
                };
                if !bytes.is_empty() {
                    out.pad_to(place - now.address + now.offset)?;
                    self.fill(at, object, section, out.room(bytes)?)?;
                }
                continue;
            }
            let length = size(placed) as usize;
            if length == 0 {
                continue;
            }
            let from = self.was.parts[at].of(section) - was.address + was.offset;
            out.pad_to(place - now.address + now.offset)?;
            let bytes = window.get(former, from, length, was.offset + was.size)?;
            let bytes = out.room(bytes)?;
            for fixup in each_fixup(self.old_fixups(at)) {
                if fixup.section == section {
                    self.shift(at, &fixup, bytes)?;
                }
            }
        }
        Ok(())
    }

    /// Resolves the fields of a new object in one section.
    pub(super) fn fill(
        &self,
        at: usize,
        object: &Object,
        section: Section,
        bytes: &mut [u8],
    ) -> Result<(), Unfit> {
        for (reloc, fixup) in object.relocs.iter().zip(each_fixup(self.fixups(at))) {
            if reloc.section != section {
                continue;
            }
            let (target, _) = self.goal(at, fixup.goal)?;
            let start = reloc.offset as usize;
            let Some(field) = bytes.get_mut(start..start + reloc.kind.width()) else {
                return unfit("a relocation reaches past its section");
            };
            let place = self.now.parts[at].of(section) + u64::from(reloc.offset);
            let value = (target as i64).wrapping_add(reloc.addend);
            if !resolve(field, reloc.kind, place, value) {
                return unfit("an address does not fit");
            }
        }
        Ok(())
    }

    /// Moves the address in a field as far as what it names has moved.
    pub(super) fn shift(&self, at: usize, fixup: &Fixup, bytes: &mut [u8]) -> Result<(), Unfit> {
        let (_, mut by) = self.goal(at, fixup.goal)?;
        if fixup.kind == RelocKind::Rel32 {
            by -= self.moved(at, fixup.section);
        }
        if by == 0 {
            return Ok(());
        }
        let start = fixup.offset as usize;
        let Some(field) = bytes.get_mut(start..start + fixup.kind.width()) else {
            return unfit("the map is damaged");
        };
        if let Ok(word) = <&mut [u8; 8]>::try_from(&mut *field) {
            *word = i64::from_le_bytes(*word).wrapping_add(by).to_le_bytes();
            return Ok(());
        }
        let Ok(word) = <&mut [u8; 4]>::try_from(field) else { return unfit("the map is damaged") };
        let moved = match fixup.kind {
            RelocKind::Abs32 => {
                u32::try_from(i64::from(u32::from_le_bytes(*word)) + by).map(u32::to_le_bytes)
            }
            RelocKind::Abs32Signed | RelocKind::Rel32 => {
                i32::try_from(i64::from(i32::from_le_bytes(*word)) + by).map(i32::to_le_bytes)
            }
            RelocKind::Abs64
            | RelocKind::Branch26
            | RelocKind::Page21
            | RelocKind::PageOffset12
            | RelocKind::WordOffset12 => return unfit("a field of another machine"),
        };
        *word = moved.map_err(|_| Unfit::Other("an address does not fit"))?;
        Ok(())
    }
}
