//! Checks that the project has for itself; they live in `tests/`.
