//! Register names as NASM and Intel write them.

use iced_x86::Register;

/// The register of this name, whatever its case; `None` for anything else.
pub(crate) fn from_name(name: &str) -> Option<Register> {
    if name.len() > 5 || !name.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let fixed = match name.as_str() {
        "rax" => Register::RAX,
        "rbx" => Register::RBX,
        "rcx" => Register::RCX,
        "rdx" => Register::RDX,
        "rsi" => Register::RSI,
        "rdi" => Register::RDI,
        "rsp" => Register::RSP,
        "rbp" => Register::RBP,
        "eax" => Register::EAX,
        "ebx" => Register::EBX,
        "ecx" => Register::ECX,
        "edx" => Register::EDX,
        "esi" => Register::ESI,
        "edi" => Register::EDI,
        "esp" => Register::ESP,
        "ebp" => Register::EBP,
        "ax" => Register::AX,
        "bx" => Register::BX,
        "cx" => Register::CX,
        "dx" => Register::DX,
        "si" => Register::SI,
        "di" => Register::DI,
        "sp" => Register::SP,
        "bp" => Register::BP,
        "al" => Register::AL,
        "bl" => Register::BL,
        "cl" => Register::CL,
        "dl" => Register::DL,
        "ah" => Register::AH,
        "bh" => Register::BH,
        "ch" => Register::CH,
        "dh" => Register::DH,
        "sil" => Register::SIL,
        "dil" => Register::DIL,
        "spl" => Register::SPL,
        "bpl" => Register::BPL,
        "rip" => Register::RIP,
        "eip" => Register::EIP,
        "es" => Register::ES,
        "cs" => Register::CS,
        "ss" => Register::SS,
        "ds" => Register::DS,
        "fs" => Register::FS,
        "gs" => Register::GS,
        "st" => Register::ST0,
        _ => return from_family(&name),
    };
    Some(fixed)
}

/// `r10d`, `xmm15`, `k3`: a family and a number.
fn from_family(name: &str) -> Option<Register> {
    if let Some(rest) = name.strip_prefix('r') {
        let digits = rest.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let first = match &rest[digits.len()..] {
            "" => Register::RAX,
            "d" => Register::EAX,
            "w" => Register::AX,
            "b" | "l" => Register::R8L,
            _ => return None,
        };
        let number = small(digits)?;
        return match number {
            8..=15 if first == Register::R8L => Some(first + (number - 8)),
            8..=15 => Some(first + number),
            _ => None,
        };
    }
    let at = name.find(|c: char| c.is_ascii_digit())?;
    let (first, count) = match &name[..at] {
        "xmm" => (Register::XMM0, 32),
        "ymm" => (Register::YMM0, 32),
        "zmm" => (Register::ZMM0, 32),
        "mm" => (Register::MM0, 8),
        "st" => (Register::ST0, 8),
        "k" => (Register::K0, 8),
        "cr" => (Register::CR0, 16),
        "dr" => (Register::DR0, 16),
        "bnd" => (Register::BND0, 4),
        "tmm" => (Register::TMM0, 8),
        _ => return None,
    };
    let number = small(&name[at..])?;
    (number < count).then(|| first + number)
}

/// One or two digits without a leading zero.
fn small(digits: &str) -> Option<u32> {
    let plain = !digits.is_empty()
        && digits.len() <= 2
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !(digits.len() == 2 && digits.starts_with('0'));
    plain.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_register_that_an_instruction_can_name_has_a_name() {
        for register in Register::values() {
            let name = format!("{register:?}");
            let unnamed = ["None", "DontUse"].iter().any(|prefix| name.starts_with(prefix))
                || (register >= Register::TR0 && register <= Register::TR7);
            let expected = (!unnamed).then_some(register);
            assert_eq!(from_name(&name), expected, "{name}");
        }
        assert_eq!(from_name("r8b"), Some(Register::R8L));
        for no in ["", "r7", "r16", "r08", "xmm32", "k8", "rax2", "_al", "xmm", "st8", "r9x"] {
            assert_eq!(from_name(no), None, "{no}");
        }
    }
}
