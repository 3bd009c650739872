//! Where the values of names come from.

/// Knows the values of names.
///
/// Every `Fn(&str) -> Option<i64>` is one, and so is a slice or array of pairs, in which the first pair of a name counts.
pub trait Context {
    /// The value of `name`, or `None` if there is no such name here.
    fn value(&self, name: &str) -> Option<i64>;
}

impl<F: Fn(&str) -> Option<i64> + ?Sized> Context for F {
    fn value(&self, name: &str) -> Option<i64> {
        self(name)
    }
}

impl Context for [(&str, i64)] {
    fn value(&self, name: &str) -> Option<i64> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

impl<const N: usize> Context for [(&str, i64); N] {
    fn value(&self, name: &str) -> Option<i64> {
        self.as_slice().value(name)
    }
}
