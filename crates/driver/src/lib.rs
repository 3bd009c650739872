//! The pipeline: plan, parse, check, compile, link, report.
