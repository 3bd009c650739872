//! `src/forms.txt` is what iced says: regenerate it with `UPDATE_EXPECT=1`.

use std::collections::BTreeMap;
use std::fmt::Write;

use iced_x86::{Code, EncodingKind, OpCodeInfo};

/// The letters after the slash.
fn flags(info: &OpCodeInfo) -> String {
    let table = [
        ('l', info.can_use_lock_prefix()),
        ('r', info.can_use_rep_prefix()),
        ('n', info.can_use_repne_prefix()),
        ('b', info.can_use_bnd_prefix()),
        ('t', info.can_use_notrack_prefix()),
        ('x', info.can_use_xacquire_prefix() || info.can_use_xrelease_prefix()),
    ];
    table.iter().filter(|(_, on)| *on).map(|(letter, _)| letter).collect()
}

#[test]
fn the_table_of_forms_lists_what_iced_encodes_in_64_bit_mode() {
    let mut lines: BTreeMap<String, String> = BTreeMap::new();
    for code in Code::values() {
        let info = code.op_code();
        let wanted = info.is_instruction()
            && info.mode64()
            && info.encoding() != EncodingKind::MVEX
            && info.decoder_option() == 0;
        if !wanted {
            continue;
        }
        let line = lines.entry(format!("{:?}", code.mnemonic()).to_lowercase()).or_default();
        write!(line, " {:x}:", code as usize).unwrap();
        for kind in info.op_kinds() {
            write!(line, "{:02x}", *kind as usize).unwrap();
        }
        let flags = flags(info);
        if !flags.is_empty() {
            write!(line, "/{flags}").unwrap();
        }
    }
    let text: String = lines.iter().map(|(name, forms)| format!("{name}{forms}\n")).collect();
    expect_test::expect_file!["../src/forms.txt"].assert_eq(&text);
}
