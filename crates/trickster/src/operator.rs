//! The operators: their signs, their levels and what they compute.
//!
//! Levels and meaning are those of the Morph language. `&&` and `||` are not here: they decide whether their right
//! side is evaluated at all, so they are jumps and not functions of two values.

/// An operator of two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Binary {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    BitOr,
    BitXor,
    BitAnd,
    ShiftLeft,
    ShiftRight,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// An operator of one value. All bind tighter than every [`Binary`] and associate to the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Unary {
    Not,
    Complement,
    Negate,
}

/// The level of `||`, the weakest.
pub(crate) const LEVEL_OR: u8 = 1;
/// The level of `&&`.
pub(crate) const LEVEL_AND: u8 = 2;
/// The level of the unary operators, the strongest.
pub(crate) const LEVEL_UNARY: u8 = 11;

impl Binary {
    /// How tightly this operator binds; operators of one level associate to the left.
    #[inline(always)]
    pub(crate) const fn level(self) -> u8 {
        match self {
            Binary::Equal | Binary::NotEqual => 3,
            Binary::Less | Binary::LessEqual | Binary::Greater | Binary::GreaterEqual => 4,
            Binary::BitOr => 5,
            Binary::BitXor => 6,
            Binary::BitAnd => 7,
            Binary::ShiftLeft | Binary::ShiftRight => 8,
            Binary::Add | Binary::Subtract => 9,
            Binary::Multiply | Binary::Divide | Binary::Remainder => 10,
        }
    }

    /// Whether every result is 0 or 1.
    pub(crate) const fn is_comparison(self) -> bool {
        self.level() <= 4
    }

    /// The value, or `None` for a division or remainder by zero.
    ///
    /// Sums and products wrap, quotients truncate towards zero, remainders have the dividend's sign, the minimum divided
    /// by -1 is the minimum, shifts use the low six bits of the count and shift in zeros.
    #[inline(always)]
    pub(crate) const fn apply(self, left: i64, right: i64) -> Option<i64> {
        Some(match self {
            Binary::Equal => (left == right) as i64,
            Binary::NotEqual => (left != right) as i64,
            Binary::Less => (left < right) as i64,
            Binary::LessEqual => (left <= right) as i64,
            Binary::Greater => (left > right) as i64,
            Binary::GreaterEqual => (left >= right) as i64,
            Binary::BitOr => left | right,
            Binary::BitXor => left ^ right,
            Binary::BitAnd => left & right,
            Binary::ShiftLeft => left.wrapping_shl(right as u32),
            Binary::ShiftRight => (left as u64).wrapping_shr(right as u32) as i64,
            Binary::Add => left.wrapping_add(right),
            Binary::Subtract => left.wrapping_sub(right),
            Binary::Multiply => left.wrapping_mul(right),
            Binary::Divide | Binary::Remainder if right == 0 => return None,
            Binary::Divide => left.wrapping_div(right),
            Binary::Remainder => left.wrapping_rem(right),
        })
    }
}

impl Unary {
    #[inline(always)]
    pub(crate) const fn apply(self, value: i64) -> i64 {
        match self {
            Unary::Not => (value == 0) as i64,
            Unary::Complement => !value,
            Unary::Negate => value.wrapping_neg(),
        }
    }
}
