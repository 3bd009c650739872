//! A fragment whose text differs from an earlier one in comments and layout alone: what that one came to holds, at other places.
//!
//! An object says where things are in the text. Each place lies in a word of the earlier text, and that word stands in the later one too.

use morph_object::Line;
use morph_syntax::significant::Run;

use crate::task::{Built, Made};

/// The places of a text's words as they are kept: numbers of varying length, see [`pack`].
pub(crate) type Words = Vec<u32>;

/// The runs in a form that takes little room. Of each twice its length, if one blank stands before it; else that and one, the bytes
/// before it, the line ends among them, and behind a line end its column.
pub(crate) fn pack(runs: &[Run]) -> Words {
    let (mut end, mut line) = (0, 0);
    let mut words = Vec::with_capacity(runs.len() * 2);
    for run in runs {
        let (gap, length, lines) = (run.start - end, run.end - run.start, run.line - line);
        if (gap, lines) == (1, 0) {
            words.push(length << 1);
        } else {
            words.extend([length << 1 | 1, gap, lines]);
            if lines > 0 {
                words.push(run.column);
            }
        }
        (end, line) = (run.end, run.line);
    }
    words
}

/// The runs that were packed; `None` if nobody can have packed them.
pub(crate) fn unpack(words: &[u32]) -> Option<Vec<Run>> {
    let mut runs: Vec<Run> = Vec::with_capacity(words.len());
    let mut words = words.iter().copied();
    let (mut end, mut line, mut behind) = (0_u32, 0_u32, 0_u32);
    while let Some(first) = words.next() {
        let length = first >> 1;
        let (gap, lines) = if first & 1 == 0 { (1, 0) } else { (words.next()?, words.next()?) };
        let start = end.checked_add(gap)?;
        let column = if lines > 0 { words.next()? } else { behind.checked_add(gap)? };
        (end, line) = (start.checked_add(length)?, line.checked_add(lines)?);
        behind = column.checked_add(length)?;
        runs.push(Run { start, end, line, column, begins_line: lines > 0 });
    }
    Some(runs)
}

/// The text without what stands between its words; equal for texts that are the same fragment.
pub(crate) fn canonical(text: &str, runs: &[Run]) -> String {
    let mut canonical = String::with_capacity(text.len());
    for run in runs {
        canonical.push(if run.begins_line { '\n' } else { ' ' });
        canonical.push_str(run.text(text));
    }
    canonical
}

/// Moves all places in `built` from the one text to the other. `None` if one of them is in no word, or if there is anything to tell:
/// diagnostics quote the text as it is laid out.
pub(crate) fn relocate(mut built: Built, from: &[Run], to: &[Run]) -> Option<Built> {
    let same =
        |(a, b): (&Run, &Run)| a.end - a.start == b.end - b.start && a.begins_line == b.begins_line;
    let fits = from.len() == to.len() && from.iter().zip(to).all(same);
    if !fits || !built.diagnostics.is_empty() {
        return None;
    }
    match &mut built.made {
        Made::Object { object, .. } => {
            object.lines.iter_mut().try_for_each(|line| move_line(line, from, to))?;
        }
        Made::Closed | Made::Nothing | Made::Refused(_) => {}
    }
    Some(built)
}

fn move_line(line: &mut Line, from: &[Run], to: &[Run]) -> Option<()> {
    let place = (line.line, line.column);
    let before = |run: &Run| (run.line, run.column) <= place;
    let number = from.partition_point(before).checked_sub(1)?;
    let (from, to) = (from.get(number)?, to.get(number)?);
    let within = line.column.checked_sub(from.column)?;
    if line.line != from.line || within >= from.end - from.start {
        return None;
    }
    (line.line, line.column) = (to.line, to.column + within);
    Some(())
}

#[cfg(test)]
mod tests {
    use morph_syntax::significant::runs;

    use super::{pack, unpack};

    #[test]
    fn what_is_packed_comes_back() {
        for text in ["", "a", "a b", "fungsi f()\n\n  ; c\n    kembalikan  1 +\tg(2)\ntutup_fungsi"]
        {
            let runs = runs(text).unwrap();
            assert_eq!(unpack(&pack(&runs)).unwrap(), runs, "{text:?}");
        }
        // Nobody packs these.
        assert_eq!(unpack(&[3]), None);
        assert_eq!(unpack(&[u32::MAX, u32::MAX, 0, 4, u32::MAX, u32::MAX]), None);
    }
}
