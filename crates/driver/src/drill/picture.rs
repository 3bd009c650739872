//! What a build amounts to, in a form in which two builds can be compared.

use std::collections::{BTreeMap, BTreeSet};

use morph_diag::{Color, Format, FragmentId, Lang, Severity};
use morph_fault::fault::Key;
use morph_sema::summary::Side;

use crate::drill::{Lasting, Violation};
use crate::isolation::{FragmentDigest, Injection, Site};
use crate::key::Hasher;
use crate::ledger::Note;
use crate::phase::Phase;
use crate::pipeline::{Output, Status};
use crate::report::{FragmentLabel, FragmentPlace, Report};

/// One build.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Picture {
    image: Option<Key>,
    status: Status,
    /// All that is reported, worded.
    account: String,
    /// Fragments that are closed, and because of which others.
    closed: BTreeMap<Site, Option<Site>>,
    /// Fragments that have an error of their own.
    erroneous: BTreeSet<Site>,
    fragments: BTreeMap<Site, Seen>,
    /// The unit all of whose fragments take part in any case.
    root: Option<String>,
    pub(super) checked: BTreeMap<Site, FragmentDigest>,
    /// Where workers died.
    struck: Struck,
}

/// What there is of one fragment.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    side: Side,
    /// Whether others need it, its layout, its value or what it brings in, to be compiled themselves.
    needed: bool,
}

/// Sites at which workers died. Two builds with different ones may be equal nevertheless.
#[derive(Debug)]
struct Struck(BTreeSet<Site>);

impl PartialEq for Struck {
    fn eq(&self, _other: &Struck) -> bool {
        true
    }
}

impl Eq for Struck {}

/// What came of injecting faults.
#[derive(Debug)]
pub(super) struct Verdict {
    /// For each injection whether it struck.
    pub(super) struck: Vec<bool>,
    pub(super) dependants: u32,
    pub(super) lost: u32,
    pub(super) violations: Vec<Violation>,
}

impl Picture {
    pub(super) fn of(output: &Output) -> Picture {
        let report = &output.report;
        let sites = sites(report);
        let site = |id: FragmentId| sites.get(id.0 as usize).cloned();
        let mut account = String::new();
        let mut erroneous = BTreeSet::new();
        for problem in &report.problems {
            account.push_str(&report.render(problem, Lang::En, Format::Human, Color::Never));
            if problem.diagnostic.severity() == Severity::Error {
                erroneous.extend(problem.subject.fragment().and_then(site));
            }
        }
        for closed in &report.closed {
            account.push_str(&format!("{closed:?}"));
        }
        let struck = output.notes.iter().filter_map(|note| match note {
            Note::Died { site, .. } => site.clone(),
            Note::BadReply { site, .. } => Some(site.clone()),
            Note::NotStarted { .. }
            | Note::Quarantined { .. }
            | Note::Breaker { .. }
            | Note::Reused { .. }
            | Note::StoreUnused { .. }
            | Note::StoreUnwritten { .. }
            | Note::Mismatch { .. }
            | Note::MemoryUnused { .. }
            | Note::MemoryUnwritten { .. }
            | Note::Resumed { .. }
            | Note::Recovery { .. }
            | Note::Bundle { .. }
            | Note::Log { .. } => None,
        });
        let checked = output.digests.iter().map(|digest| (digest.site.clone(), digest.clone()));
        Picture {
            image: output.image.as_ref().map(|image| Hasher::of("image").bytes(image).finish()),
            status: output.status,
            account,
            closed: report
                .closed
                .iter()
                .filter_map(|closed| Some((site(closed.fragment)?, closed.because.and_then(site))))
                .collect(),
            erroneous,
            fragments: sites.iter().cloned().zip(report.fragments.iter().map(seen)).collect(),
            root: report.units.first().map(|unit| unit.path.clone()),
            checked: checked.collect(),
            struck: Struck(struck.collect()),
        }
    }

    /// Judges a build with faults; `self` is the one without.
    pub(super) fn compare(
        &self,
        other: &Picture,
        injections: &[Injection],
        lasting: Lasting,
    ) -> Verdict {
        let Struck(died) = &other.struck;
        let mut verdict = Verdict {
            struck: injections.iter().map(|injection| died.contains(&injection.site)).collect(),
            dependants: 0,
            lost: 0,
            violations: Vec::new(),
        };
        match lasting {
            Lasting::Transient => self.compare_transient(other, injections, &mut verdict),
            Lasting::Repeatable => self.compare_repeatable(other, injections, &mut verdict),
        }
        self.compare_digests(other, &mut verdict);
        verdict
    }

    fn compare_transient(&self, other: &Picture, injections: &[Injection], verdict: &mut Verdict) {
        for (injection, struck) in injections.iter().zip(&verdict.struck) {
            if !struck {
                verdict.violations.push(Violation::NotStruck(injection.site.clone()));
            }
        }
        for site in self.lost(other, &BTreeSet::new()) {
            verdict.lost += 1;
            verdict.violations.push(Violation::Lost(site));
        }
        if self.image != other.image {
            verdict.violations.push(Violation::ImageDiffers);
        }
        if self.account != other.account || self.status != other.status {
            verdict.violations.push(Violation::ReportDiffers);
        }
    }

    fn compare_repeatable(&self, other: &Picture, injections: &[Injection], verdict: &mut Verdict) {
        let struck: Vec<&Injection> = injections
            .iter()
            .zip(&verdict.struck)
            .filter_map(|(injection, struck)| struck.then_some(injection))
            .collect();
        let injected: BTreeSet<Site> =
            struck.iter().map(|injection| injection.site.clone()).collect();
        // What cannot be read imports nothing and names nothing: other files' fragments may not be wanted any more.
        let reads = |injection: &&Injection| {
            injection.site.fragment.is_some() && injection.phase > Phase::Index
        };
        let read = struck.iter().all(reads);
        let takes_part =
            |site: &Site| self.is_ours(site) && (read || self.root.as_ref() == Some(&site.unit));
        for site in injected.iter().filter(|site| takes_part(site)) {
            if !other.erroneous.contains(&first_of(site)) {
                verdict.violations.push(Violation::NotClosed(site.clone()));
            }
        }
        let mut lost = self.lost(other, &injected);
        for (site, because) in &other.closed {
            let by_design = !lost.contains(site)
                && !self.closed.contains_key(site)
                && !is_in(&injected, site)
                && because.is_some();
            verdict.dependants += u32::from(by_design);
        }
        let gone = self.checked.keys().filter(|site| {
            takes_part(site)
                && !is_in(&injected, site)
                && !other.checked.contains_key(site)
                && !other.closed.contains_key(site)
        });
        lost.extend(gone.cloned());
        for site in lost {
            verdict.lost += 1;
            verdict.violations.push(Violation::Lost(site));
        }
        // Without the unit that has the entry point there is nothing to begin with.
        let cut = injected.iter().any(|site| site.fragment.is_none());
        if other.image.is_none() && !cut {
            verdict.violations.push(Violation::NoImage);
        }
    }

    /// Fragments that are closed or erroneous only in `other`, though nothing was injected into them or into what they need.
    fn lost(&self, other: &Picture, injected: &BTreeSet<Site>) -> BTreeSet<Site> {
        let own = |site: &Site| is_in(injected, site);
        let closed = other.closed.iter().filter(|(site, because)| {
            let by_design =
                because.as_ref().is_some_and(|cause| own(cause) && other.is_needed(cause));
            !self.closed.contains_key(site) && !own(site) && !by_design
        });
        let erroneous =
            other.erroneous.iter().filter(|site| !self.erroneous.contains(site) && !own(site));
        closed.map(|(site, _)| site).chain(erroneous).cloned().collect()
    }

    /// The same text and the same answers of the environment: the same result.
    fn compare_digests(&self, other: &Picture, verdict: &mut Verdict) {
        for (site, digest) in &other.checked {
            let known = self.checked.get(site).and_then(|known| known.answer);
            let differs = known.zip(digest.answer).is_some_and(|(known, seen)| {
                known.asked == seen.asked && known.result != seen.result
            });
            if differs {
                verdict.lost += 1;
                verdict.violations.push(Violation::Changed(site.clone()));
            }
        }
    }

    /// Whether a unit or fragment is the program's own.
    pub(super) fn is_ours(&self, site: &Site) -> bool {
        self.fragments.get(&first_of(site)).is_some_and(|seen| seen.side == Side::Program)
    }

    fn is_needed(&self, site: &Site) -> bool {
        self.fragments.get(site).is_none_or(|seen| seen.needed)
    }
}

/// A unit that cannot be cut is one fragment.
fn first_of(site: &Site) -> Site {
    Site { unit: site.unit.clone(), fragment: Some(site.fragment.unwrap_or(0)) }
}

/// Whether something was injected into the fragment, or into its whole unit.
fn is_in(injected: &BTreeSet<Site>, site: &Site) -> bool {
    injected.contains(site) || injected.contains(&Site { unit: site.unit.clone(), fragment: None })
}

/// The sites of all fragments, by id.
fn sites(report: &Report) -> Vec<Site> {
    let mut sites: Vec<Site> = Vec::with_capacity(report.fragments.len());
    let mut before = None;
    let mut position = 0;
    for place in &report.fragments {
        position = if before == Some(place.unit) { position + 1 } else { 0 };
        before = Some(place.unit);
        sites.push(Site { unit: report.path(place).to_owned(), fragment: Some(position) });
    }
    sites
}

fn seen(place: &FragmentPlace) -> Seen {
    let needed = match &place.label {
        FragmentLabel::Named { keyword, .. } => matches!(*keyword, "struktur" | "const"),
        FragmentLabel::Statement | FragmentLabel::Import => true,
    };
    Seen { side: place.side, needed }
}
