//! Spellings of mnemonics: aliases, comparisons with the predicate in the name, near misses.

use crate::form;

/// Other spelling, iced's spelling.
const ALIASES: [(&str, &str); 51] = [
    ("cmovc", "cmovb"),
    ("cmovna", "cmovbe"),
    ("cmovnae", "cmovb"),
    ("cmovnb", "cmovae"),
    ("cmovnbe", "cmova"),
    ("cmovnc", "cmovae"),
    ("cmovng", "cmovle"),
    ("cmovnge", "cmovl"),
    ("cmovnl", "cmovge"),
    ("cmovnle", "cmovg"),
    ("cmovnz", "cmovne"),
    ("cmovpe", "cmovp"),
    ("cmovpo", "cmovnp"),
    ("cmovz", "cmove"),
    ("sal", "shl"),
    ("jc", "jb"),
    ("jna", "jbe"),
    ("jnae", "jb"),
    ("jnb", "jae"),
    ("jnbe", "ja"),
    ("jnc", "jae"),
    ("jng", "jle"),
    ("jnge", "jl"),
    ("jnl", "jge"),
    ("jnle", "jg"),
    ("jnz", "jne"),
    ("jpe", "jp"),
    ("jpo", "jnp"),
    ("jz", "je"),
    ("loopnz", "loopne"),
    ("loopz", "loope"),
    ("movabs", "mov"),
    ("retn", "ret"),
    ("setc", "setb"),
    ("setna", "setbe"),
    ("setnae", "setb"),
    ("setnb", "setae"),
    ("setnbe", "seta"),
    ("setnc", "setae"),
    ("setng", "setle"),
    ("setnge", "setl"),
    ("setnl", "setge"),
    ("setnle", "setg"),
    ("setnz", "setne"),
    ("setpe", "setp"),
    ("setpo", "setnp"),
    ("setz", "sete"),
    ("ud2a", "ud2"),
    ("fwait", "wait"),
    ("xlat", "xlatb"),
    ("icebp", "int1"),
];

/// Predicates of `cmpps` and its kin, by number; legacy forms take the first eight.
const COMPARE: [&str; 32] = [
    "eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord", "eq_uq", "nge", "ngt", "false",
    "neq_oq", "ge", "gt", "true", "eq_os", "lt_oq", "le_oq", "unord_s", "neq_us", "nlt_uq",
    "nle_uq", "ord_s", "eq_us", "nge_uq", "ngt_uq", "false_os", "neq_os", "ge_oq", "gt_oq",
    "true_us",
];

/// Predicates of `vpcmpd` and its kin.
const INTEGER_COMPARE: [&str; 8] = ["eq", "lt", "le", "false", "neq", "nlt", "nle", "true"];

/// iced's spelling (lower case), and the predicate that the name holds, to be the last operand.
pub(crate) fn canonical(name: &str) -> Option<(String, Option<i64>)> {
    let lower = name.to_ascii_lowercase();
    if let Some((_, real)) = ALIASES.iter().find(|(alias, _)| *alias == lower) {
        return Some(((*real).to_owned(), None));
    }
    if form::is_known(&lower) {
        return Some((lower, None));
    }
    predicate(&lower).map(|(mnemonic, number)| (mnemonic, Some(number)))
}

/// `cmpeqps` is `cmpps` with predicate 0.
fn predicate(name: &str) -> Option<(String, i64)> {
    let number = |words: &[&str], middle: &str| {
        words.iter().position(|word| *word == middle).and_then(|at| i64::try_from(at).ok())
    };
    for suffix in ["ps", "pd", "ss", "sd", "ph", "sh"] {
        let Some(stem) = name.strip_suffix(suffix) else { continue };
        if let Some(found) =
            stem.strip_prefix("cmp").and_then(|middle| number(&COMPARE[..8], middle))
        {
            return Some((format!("cmp{suffix}"), found)).filter(|(name, _)| form::is_known(name));
        }
        if let Some(found) = stem.strip_prefix("vcmp").and_then(|middle| number(&COMPARE, middle)) {
            return Some((format!("vcmp{suffix}"), found)).filter(|(name, _)| form::is_known(name));
        }
    }
    for suffix in ["ub", "uw", "ud", "uq", "b", "w", "d", "q"] {
        let middle = name.strip_prefix("vpcmp").and_then(|stem| stem.strip_suffix(suffix));
        if let Some(found) = middle.and_then(|middle| number(&INTEGER_COMPARE, middle)) {
            return Some((format!("vpcmp{suffix}"), found));
        }
    }
    let halves = [("lqlq", 0x00), ("hqlq", 0x01), ("lqhq", 0x10), ("hqhq", 0x11)];
    for (middle, number) in halves {
        for prefix in ["", "v"] {
            if name == format!("{prefix}pclmul{middle}dq") {
                return Some((format!("{prefix}pclmulqdq"), number));
            }
        }
    }
    None
}

/// The mnemonic that `name` most likely means.
pub(crate) fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let limit = match name.len() {
        0..=1 => return None,
        2..=4 => 1,
        _ => 2,
    };
    // Everyday mnemonics win over rare ones at the same distance.
    const COMMON: [&str; 24] = [
        "mov", "add", "sub", "push", "pop", "call", "ret", "jmp", "je", "jne", "cmp", "test",
        "lea", "inc", "dec", "xor", "and", "or", "shl", "shr", "syscall", "movzx", "imul", "div",
    ];
    let mut best: Option<(usize, bool, &'static str)> = None;
    let aliases = ALIASES.iter().map(|(alias, _)| *alias);
    for candidate in form::mnemonics().chain(aliases) {
        if candidate.len().abs_diff(name.len()) > limit {
            continue;
        }
        let found = (distance(&name, candidate), !COMMON.contains(&candidate), candidate);
        if found.0 <= limit && best.is_none_or(|best| found < best) {
            best = Some(found);
        }
    }
    best.map(|(_, _, candidate)| candidate)
}

/// Edits (a swap of neighbours is one) that turn one word into the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut cost = (row[j] + usize::from(x != y)).min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && a[i - 1] == *y && *x == b[j - 1] {
                cost = cost.min(before[j - 1] + 1);
            }
            next.push(cost);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_lead_to_mnemonics_that_exist() {
        for (alias, real) in ALIASES {
            assert!(form::is_known(real), "{alias} {real}");
        }
        assert_eq!(canonical("JNZ"), Some(("jne".to_owned(), None)));
        assert_eq!(canonical("cmpltsd"), Some(("cmpsd".to_owned(), Some(1))));
        assert_eq!(canonical("vpcmpnequb"), Some(("vpcmpub".to_owned(), Some(4))));
        assert_eq!(canonical("sal"), Some(("shl".to_owned(), None)));
        assert_eq!(canonical("mvo"), None);
    }

    #[test]
    fn a_near_miss_names_the_everyday_mnemonic() {
        let table = [
            ("mvo", "mov"),
            ("pusj", "push"),
            ("cal", "call"),
            ("syscal", "syscall"),
            ("xro", "xor"),
        ];
        for (typed, meant) in table {
            assert_eq!(nearest(typed), Some(meant), "{typed}");
        }
        assert_eq!(nearest("frobnicate"), None);
    }
}
