//! Objects to a static ELF image.
