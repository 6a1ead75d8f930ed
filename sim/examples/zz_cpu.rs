#[path = "../tests/support/lock_server.rs"]
mod lock_server;
use contend_model::property::Kind;
use contend_model::scenario::*;
use contend_sim::{kernel::Kernel, ledger::Options, stage::Stage};
fn cpu() -> f64 { let s = std::fs::read_to_string("/proc/self/schedstat").unwrap(); s.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9 }
fn main() {
    for (name, faults, lockers) in [("calm", Faults::none(), 3), ("swarm", Faults::every_kind(), 3), ("calm 32", Faults::none(), 32)] {
        let mut s = Scenario::default_for(Kind::Lock).of("lock-server");
        s.workload.think = Law::exactly(0.0); s.workload.work = Law::exactly(0.0); s.faults = faults; s.workload.lockers = lockers;
        let stage = Stage::new(&lock_server::LockServer, s).unwrap();
        let mut k = Kernel::new(&stage, Options::default());
        for _ in 0..3 {
            let (mut ev, mut msg) = (0, 0); let n = if lockers > 3 { 5_000 } else { 60_000 };
            let t = cpu();
            for seed in 0..n { let o = k.run(seed); ev += o.events; msg += o.sent.messages(); }
            let t = cpu() - t;
            println!("{name}: {:.0} seeds/CPU-s, {:.2} M events/CPU-s, {:.2} M messages/CPU-s, {} events a seed", n as f64 / t, ev as f64 / t / 1e6, msg as f64 / t / 1e6, ev / n);
        }
    }
}
