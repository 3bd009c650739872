//! Code generation through its public boundary: typed bodies in, objects and running code out.

mod build;
mod image;
mod run;
