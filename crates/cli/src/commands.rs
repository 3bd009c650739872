//! The commands, one file each.

use std::io;

use crate::arguments::{Arguments, Command};
use crate::status::Status;

pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod clean;
pub(crate) mod doctor;
pub(crate) mod drill;
pub(crate) mod eval;
pub(crate) mod explain;
pub(crate) mod new;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod status;
pub(crate) mod watch;
pub(crate) mod why;

/// Runs the command that was asked for. A closed pipe is success: whoever read has read enough.
pub(crate) fn dispatch(arguments: &Arguments) -> Status {
    let Arguments { options, command } = arguments;
    let result = match command {
        Command::Run(run) => run.run(options),
        Command::Build(build) => build.run(options),
        Command::Check(check) => check.run(options),
        Command::New(new) => new.run(),
        Command::Eval(eval) => eval.run(options),
        Command::Explain(explain) => explain.run(options),
        Command::Replay(replay) => replay.run(options),
        Command::Doctor(doctor) => doctor.run(),
        Command::Status(status) => status.run(options),
        Command::Watch(watch) => watch.run(options),
        Command::Become(program) => program.run(),
        Command::Why(why) => why.run(options),
        Command::Clean(clean) => clean.run(options),
        Command::Drill(drill) => drill.run(options),
    };
    match result {
        Ok(status) => status,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Status::Done,
        Err(error) => {
            // With stderr gone as well there is nobody left to tell.
            let _ = io::Write::write_fmt(&mut io::stderr(), format_args!("error: {error}\n"));
            Status::OutputFailed
        }
    }
}
