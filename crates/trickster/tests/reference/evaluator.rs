//! A second evaluator, written as differently as it can be: recursive descent with one call a level builds a tree, which
//! is evaluated recursively in 128 bits. Slow, and only for texts of [`super::generator`] and their like.

/// What an operand or operator stands for, with the byte range of its token.
#[derive(Debug)]
enum Tree {
    Number(i128),
    Name(String, (usize, usize)),
    Unary(char, Box<Tree>),
    Binary(&'static str, (usize, usize), Box<Tree>, Box<Tree>),
}

/// Why there is no value, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    Unknown(usize, usize),
    Division(usize, usize),
    Remainder(usize, usize),
}

/// Weakest first. Of operators that begin alike, the longer one stands first.
const LEVELS: [&[&str]; 10] = [
    &["||"],
    &["&&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["|"],
    &["^"],
    &["&"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];

/// The value of `text`, which has to be an expression.
pub(crate) fn evaluate(text: &str, value: &dyn Fn(&str) -> Option<i64>) -> Result<i64, Failure> {
    let mut reader = Reader { text, at: 0, seen: None };
    let tree = reader.level(0);
    reader.skip_blanks();
    assert_eq!(reader.at, text.len(), "{text}");
    tree.value(value).map(|value| value as i64)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// The operator that was seen last: its place, sign and level.
    seen: Option<(usize, &'static str, usize)>,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// The operator of `level` that stands here, if one does.
    fn operator(&mut self, level: usize) -> Option<(&'static str, (usize, usize))> {
        self.skip_blanks();
        let (sign, its_level) = match self.seen {
            Some((at, sign, level)) if at == self.at => (sign, level),
            _ => {
                let signs = (0..)
                    .zip(LEVELS)
                    .flat_map(|(level, signs)| signs.iter().map(move |sign| (*sign, level)));
                signs
                    .filter(|(sign, _)| self.rest().starts_with(sign))
                    .max_by_key(|(sign, _)| sign.len())?
            }
        };
        self.seen = Some((self.at, sign, its_level));
        (its_level == level).then(|| {
            let start = self.at;
            self.at += sign.len();
            (sign, (start, self.at))
        })
    }

    fn level(&mut self, level: usize) -> Tree {
        if level == LEVELS.len() {
            return self.operand();
        }
        let mut left = self.level(level + 1);
        while let Some((sign, place)) = self.operator(level) {
            let right = self.level(level + 1);
            left = Tree::Binary(sign, place, Box::new(left), Box::new(right));
        }
        left
    }

    fn operand(&mut self) -> Tree {
        self.skip_blanks();
        let start = self.at;
        let first = self.rest().chars().next().unwrap_or('\0');
        if "!~-".contains(first) {
            self.at += 1;
            return Tree::Unary(first, Box::new(self.operand()));
        }
        if first == '(' {
            self.at += 1;
            let inner = self.level(0);
            self.skip_blanks();
            assert!(self.rest().starts_with(')'), "{}", self.text);
            self.at += 1;
            return inner;
        }
        let is_word = |c: char| c == '_' || c.is_ascii_alphanumeric();
        let length = self.rest().find(|c| !is_word(c)).unwrap_or(self.rest().len());
        self.at += length;
        let word = &self.text[start..self.at];
        let number = match word.strip_prefix("0x") {
            Some(digits) => i128::from_str_radix(digits, 16).ok(),
            None => word.parse().ok(),
        };
        match number {
            Some(number) => Tree::Number(number),
            None => Tree::Name(word.to_owned(), (start, self.at)),
        }
    }
}

/// The 64-bit two's complement value that `value` is modulo 2^64.
fn wrap(value: i128) -> i128 {
    let low = value.rem_euclid(1 << 64);
    if low < 1 << 63 { low } else { low - (1 << 64) }
}

impl Tree {
    fn value(&self, names: &dyn Fn(&str) -> Option<i64>) -> Result<i128, Failure> {
        let value = match self {
            Tree::Number(number) => *number,
            Tree::Name(name, (start, end)) => match names(name) {
                Some(value) => i128::from(value),
                None => return Err(Failure::Unknown(*start, *end)),
            },
            Tree::Unary(sign, operand) => {
                let operand = operand.value(names)?;
                match sign {
                    '!' => i128::from(operand == 0),
                    '~' => -1 - operand,
                    _ => 0 - operand,
                }
            }
            Tree::Binary("&&", _, left, right) => {
                if left.value(names)? == 0 {
                    0
                } else {
                    i128::from(right.value(names)? != 0)
                }
            }
            Tree::Binary("||", _, left, right) => {
                if left.value(names)? != 0 {
                    1
                } else {
                    i128::from(right.value(names)? != 0)
                }
            }
            Tree::Binary(sign, (start, end), left, right) => {
                let (left, right) = (left.value(names)?, right.value(names)?);
                let power = || 1i128 << right.rem_euclid(64);
                match *sign {
                    "==" => i128::from(left == right),
                    "!=" => i128::from(left != right),
                    "<" => i128::from(left < right),
                    ">" => i128::from(left > right),
                    "<=" => i128::from(left <= right),
                    ">=" => i128::from(left >= right),
                    "|" => left | right,
                    "^" => left ^ right,
                    "&" => left & right,
                    "<<" => (left as i64 as u64 as i128).wrapping_mul(power()),
                    ">>" => left.rem_euclid(1 << 64) / power(),
                    "+" => left + right,
                    "-" => left - right,
                    "*" => left * right,
                    "/" if right == 0 => return Err(Failure::Division(*start, *end)),
                    "/" => left / right,
                    "%" if right == 0 => return Err(Failure::Remainder(*start, *end)),
                    "%" => left - right * (left / right),
                    other => unreachable!("{other}"),
                }
            }
        };
        Ok(wrap(value))
    }
}
