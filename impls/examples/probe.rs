//! probe
use contend_model::verify::*;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let algos = contend_impls::registry::algorithms();
    let chosen: Vec<&dyn contend_model::algorithm::Algorithm> = algos
        .iter()
        .map(|a| &**a)
        .filter(|a| args.len() < 2 || args[1] == "all" || a.card().name == args[1])
        .collect();
    let o = Options {
        environments: args
            .get(2)
            .filter(|e| *e != "all")
            .map(|e| vec![e.parse().unwrap()])
            .unwrap_or_default(),
        properties: args.get(3).map(|e| vec![e.parse().unwrap()]).unwrap_or_default(),
        faults: args.get(4).map_or(1, |f| f.parse().unwrap()),
        ..Options::default()
    };
    let t = std::time::Instant::now();
    let rows = verify(&chosen, &o, |_| {}, &std::sync::atomic::AtomicBool::new(false));
    for r in &rows {
        println!(
            "{:28} {:9} {:18} {:8} {} states {:8} depth {:3} trace {:?} {} {}",
            r.algorithm,
            r.environment.to_string(),
            r.property.to_string(),
            r.verdict.to_string(),
            if r.as_claimed { "  " } else { "!!" },
            r.states,
            r.depth,
            r.trace_steps,
            r.claimed,
            r.reason.clone().unwrap_or_default()
        );
        if args.len() > 3 {
            if let Some(c) = &r.counterexample {
                for f in &c.steps {
                    println!("{}", f.line)
                }
                println!("{}", c.explanation);
            }
        }
    }
    println!("{:.1}s", t.elapsed().as_secs_f64());
}
