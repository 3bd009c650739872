//! One mixing function for what must look random and yet be the same every time.

/// The finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", 2014): a bijection in which each bit of the input flips about half of the output.
pub(crate) const fn splitmix(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A digest of `bytes`. Not a cryptographic one: it names things, it does not protect them.
pub(crate) fn digest(start: u64, bytes: &[u8]) -> u64 {
    let mut state = splitmix(start ^ bytes.len() as u64);
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        for (to, from) in word.iter_mut().zip(chunk) {
            *to = *from;
        }
        state = splitmix(state ^ u64::from_le_bytes(word));
    }
    state
}
