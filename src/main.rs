//! The `contend` command.

mod choice;
mod command;
mod console;
mod failure;
mod files;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use console::Interruption;

/// Proves, breaks and compares distributed locks and queues.
///
/// Exit status: 0 all as claimed, 1 a claim fails, 2 wrong usage or bad input, 130 interrupted.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(command::list::List),
    Verify(command::verify::Verify),
    Simulate(command::simulate::Simulate),
    Replay(command::replay::Replay),
    Shrink(command::shrink::Shrink),
    Compare(command::compare::Compare),
    Envelope(command::envelope::Envelope),
}

/// What the exit status says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    /// All as claimed.
    AsClaimed,
    /// A claim fails.
    ClaimFails,
    /// Stopped by the user before it could be said.
    Interrupted,
}

/// What is wrong with the arguments, in one line; clap takes several.
fn in_one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let said = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let said = said.take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"));
    let said: Vec<&str> = said.map(|line| line.trim_start_matches("error: ")).collect();
    format!("{}; --help tells more", said.join(" ").replace(" tip: ", "; "))
}

fn main() -> ExitCode {
    let command = match Arguments::try_parse() {
        Ok(arguments) => arguments.command,
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => error.exit(),
            _ => {
                console::say(&in_one_line(&error));
                return ExitCode::from(2);
            }
        },
    };
    // Whoever waits for Enter has nothing to keep, so there Ctrl-C ends at once.
    let done = match command {
        Command::List(list) => list.run(),
        Command::Replay(replay) => replay.run(),
        Command::Verify(verify) => Interruption::watch().and_then(|i| verify.run(&i)),
        Command::Simulate(simulate) => Interruption::watch().and_then(|i| simulate.run(&i)),
        Command::Shrink(shrink) => Interruption::watch().and_then(|i| shrink.run(&i)),
        Command::Envelope(envelope) => Interruption::watch().and_then(|i| envelope.run(&i)),
        Command::Compare(compare) => Interruption::watch().and_then(|i| compare.run(&i)),
    };
    match done {
        Ok(Status::AsClaimed) => ExitCode::SUCCESS,
        Ok(Status::ClaimFails) => ExitCode::from(1),
        Ok(Status::Interrupted) => ExitCode::from(130),
        Err(failure) => {
            console::complain(&failure);
            ExitCode::from(2)
        }
    }
}
