//! A small content hash for answers of the environment.
//!
//! Two 64-bit lanes of multiply-and-fold with fixed seeds: the same content gives the same hash in every
//! process and on every machine. It is not cryptographic; it tells one revision of a program from the next.

/// What someone who asked could learn. [`AnswerHash::MISSING`] is the answer "there is none".
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct AnswerHash(pub u128);

impl AnswerHash {
    pub const MISSING: AnswerHash = AnswerHash(0);
}

const SEEDS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03];
const FACTORS: [u64; 2] = [0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db];

/// Collects content; every part carries its length, so parts cannot run into each other.
pub(super) struct Hasher {
    lanes: [u64; 2],
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

impl Hasher {
    /// `tag` tells kinds of content apart.
    pub(super) fn new(tag: u8) -> Hasher {
        let mut hasher = Hasher { lanes: SEEDS };
        hasher.number(u64::from(tag));
        hasher
    }

    pub(super) fn number(&mut self, value: u64) {
        for (lane, factor) in self.lanes.iter_mut().zip(FACTORS) {
            *lane = fold(*lane ^ value, factor).wrapping_add(lane.rotate_left(23)) ^ value;
        }
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.number(u64::from_le_bytes(word));
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(super) fn answer(&mut self, answer: AnswerHash) {
        self.number(answer.0 as u64);
        self.number((answer.0 >> 64) as u64);
    }

    pub(super) fn finish(mut self) -> AnswerHash {
        self.number(0x6d_6f72_7068);
        let [low, high] = self.lanes;
        AnswerHash(u128::from(low) << 64 | u128::from(high | 1))
    }
}
