//! Our search beside stateright's own, on the closed lock of `tests/search/models/closed_lock.rs`.
//!
//! Run `cargo bench --bench search`, or with `-- 2` or `-- 3` for that many acquisitions only. Each
//! engine runs in a process of its own, so that the peak of resident memory is its own; the table
//! shows the better of two runs, taken in turns, because machines have moods.

#[path = "../tests/search/models/closed_lock.rs"]
mod closed_lock;

use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use closed_lock::ClosedLock;
use contend_model::search::{Limits, search};
use stateright::{Checker, Model};

const CLIENTS: usize = 4;
const ROUNDS: usize = 2;
const CONTENDERS: [(&str, usize); 8] = [
    ("ours", 1),
    ("ours", 2),
    ("ours, graph kept", 1),
    ("ours, graph kept", 2),
    ("stateright DFS", 1),
    ("stateright DFS", 2),
    ("stateright BFS", 1),
    ("stateright BFS", 2),
];

/// What one run of one engine cost.
#[derive(Clone, Copy)]
struct Figures {
    states: usize,
    generated: u64,
    seconds: f64,
    resident_bytes: u64,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.as_slice() {
        [run, engine, threads, acquisitions] if run == "run" => {
            let figures = measure(
                engine,
                threads.parse().expect("a number of threads"),
                acquisitions.parse().expect("a number of acquisitions"),
            );
            println!(
                "{} {} {} {}",
                figures.states, figures.generated, figures.seconds, figures.resident_bytes
            );
        }
        [] => [2, 3].into_iter().for_each(compare),
        only => only.iter().for_each(|k| compare(k.parse().expect("2 or 3 acquisitions"))),
    }
}

fn compare(acquisitions: u8) {
    println!("\n{CLIENTS} clients, {acquisitions} acquisitions each");
    println!(
        "{:<18} {:>7} {:>10} {:>12} {:>7} {:>10} {:>8}",
        "engine", "threads", "states", "generated", "s", "states/s", "B/state"
    );
    let mut best = [None::<Figures>; CONTENDERS.len()];
    for _ in 0..ROUNDS {
        for (best, (engine, threads)) in best.iter_mut().zip(CONTENDERS) {
            let figures = in_own_process(engine, threads, acquisitions);
            if best.is_none_or(|best| figures.seconds < best.seconds) {
                *best = Some(figures);
            }
        }
    }
    for (best, (engine, threads)) in best.into_iter().zip(CONTENDERS) {
        let best = best.expect("there was a round");
        println!(
            "{engine:<18} {threads:>7} {:>10} {:>12} {:>7.2} {:>10.0} {:>8.1}",
            best.states,
            best.generated,
            best.seconds,
            best.states as f64 / best.seconds,
            best.resident_bytes as f64 / best.states as f64,
        );
    }
}

fn in_own_process(engine: &str, threads: usize, acquisitions: u8) -> Figures {
    let output = Command::new(std::env::current_exe().expect("this program has a path"))
        .args(["run", engine, &threads.to_string(), &acquisitions.to_string()])
        .output()
        .expect("this program can be started again");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("figures are text");
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [states, generated, seconds, resident] = fields[..] else {
        panic!("four figures, not {text:?}");
    };
    Figures {
        states: states.parse().expect("states"),
        generated: generated.parse().expect("generated"),
        seconds: seconds.parse().expect("seconds"),
        resident_bytes: resident.parse().expect("bytes"),
    }
}

fn measure(engine: &str, threads: usize, acquisitions: u8) -> Figures {
    let lock = ClosedLock::<CLIENTS> { acquisitions };
    let started = Instant::now();
    let (states, generated) = match engine {
        "stateright DFS" => {
            let checker = lock.checker().threads(threads).spawn_dfs().join();
            (checker.unique_state_count(), checker.state_count() as u64)
        }
        "stateright BFS" => {
            let checker = lock.checker().threads(threads).spawn_bfs().join();
            (checker.unique_state_count(), checker.state_count() as u64)
        }
        _ => {
            let keep_graph = engine == "ours, graph kept";
            let limits = Limits { threads, keep_graph, ..Limits::default() };
            let explored = search(&lock, &limits, |_| (), &AtomicBool::new(false));
            assert!(explored.is_exhausted());
            (explored.states(), explored.generated())
        }
    };
    let seconds = started.elapsed().as_secs_f64();
    Figures { states, generated, seconds, resident_bytes: peak_resident_bytes() }
}

/// Linux's high-water mark; 0 where there is none.
fn peak_resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
