//! What runs meant to programs: one list of harms for all formats.

use contend_model::application::Applications;
use contend_model::metrics::Summary;
use contend_model::property::Kind;

use crate::names::{count, grouped};

/// Something that must not happen to a program.
pub(crate) struct Harm {
    /// The program, as a scenario names it.
    pub application: &'static str,
    /// The heading of its column.
    pub title: &'static str,
    /// What exactly is counted.
    pub meaning: &'static str,
    /// Of what: the noun of a sentence.
    noun: &'static str,
    /// What happened to it: the rest of the sentence.
    happened: &'static str,
    /// How often, and in how many seeds; `None` if nobody asked.
    read: fn(&Applications) -> Option<(u64, u64)>,
}

/// How often it happened.
pub(crate) struct Toll {
    /// In all runs.
    pub times: u64,
    /// Runs in which it happened.
    pub seeds: u64,
    /// Per million operations; `None` without any operation.
    pub per_million: Option<f64>,
}

impl Harm {
    /// How often it happened; `None` if the record does not say.
    pub fn toll(&self, metrics: &Summary) -> Option<Toll> {
        let (times, seeds) = (self.read)(metrics.application())?;
        let operations = metrics.operations();
        let per_million = (operations > 0).then(|| times as f64 * 1e6 / operations as f64);
        Some(Toll { times, seeds, per_million })
    }

    /// The same as a sentence, of so many seeds.
    pub fn sentence(&self, toll: &Toll, seeds: u64) -> String {
        let Harm { application, noun, happened, .. } = self;
        let times = count(usize::try_from(toll.times).unwrap_or(usize::MAX), noun);
        let (in_seeds, seeds) = (grouped(toll.seeds), count(seeds as usize, "seed"));
        format!("{application}: {times} {happened} in {in_seeds} of {seeds}")
    }
}

/// What may happen to programs that rely on this kind of algorithm.
pub(crate) fn harms(kind: Kind) -> &'static [Harm] {
    match kind {
        Kind::Lock => LOCK,
        Kind::Queue => QUEUE,
    }
}

const LOCK: &[Harm] = &[
    Harm {
        application: "inventory",
        title: "oversold",
        meaning: "units of a flash sale that were sold without the stock becoming less",
        noun: "unit",
        happened: "oversold",
        read: |of| of.inventory.map(|it| (it.oversold, it.oversold_seeds)),
    },
    Harm {
        application: "cart",
        title: "sold to two",
        meaning: "single units that two users or more have bought",
        noun: "unit",
        happened: "sold to two users",
        read: |of| of.cart.map(|it| (it.sold_to_two, it.sold_to_two_seeds)),
    },
];

const QUEUE: &[Harm] = &[
    Harm {
        application: "orders",
        title: "paid twice",
        meaning: "payments made more than once by the resource that the algorithm brings along",
        noun: "payment",
        happened: "made twice",
        read: |of| of.orders.map(|it| (it.paid_twice, it.paid_twice_seeds)),
    },
    Harm {
        application: "orders",
        title: "never paid",
        meaning: "payments acknowledged by the queue and never made, though all faults were over",
        noun: "payment",
        happened: "never made although acknowledged",
        read: |of| of.orders.map(|it| (it.never_paid, it.never_paid_seeds)),
    },
    Harm {
        application: "orders",
        title: "out of step",
        meaning: "orders that were paid, shipped or cancelled before it was their turn, or twice, if \
                  every step is taken",
        noun: "order",
        happened: "shipped unpaid, or the like,",
        read: |of| of.orders.map(|it| (it.out_of_step, it.out_of_step_seeds)),
    },
    Harm {
        application: "orders",
        title: "never ended",
        meaning: "orders placed in full that are neither shipped nor cancelled, though all faults were \
                  over, if a step out of turn is refused",
        noun: "order",
        happened: "never ended if steps out of turn are refused",
        read: |of| of.orders.map(|it| (it.never_ended, it.never_ended_seeds)),
    },
    Harm {
        application: "tasks",
        title: "never run",
        meaning: "tasks acknowledged by the queue and never run, though all faults were over",
        noun: "task",
        happened: "never run although acknowledged",
        read: |of| of.tasks.map(|it| (it.never_ran, it.never_ran_seeds)),
    },
    Harm {
        application: "tasks",
        title: "applied twice",
        meaning: "tasks whose effect comes about more than once if the resource has no \
                  idempotency key",
        noun: "task",
        happened: "applied twice without an idempotency key",
        read: |of| {
            of.tasks.map(|it| (it.without_key.applied_twice, it.without_key.applied_twice_seeds))
        },
    },
    Harm {
        application: "tasks",
        title: "twice, with key",
        meaning: "the same if the resource has an idempotency key and drops what it has applied",
        noun: "task",
        happened: "applied twice with one",
        read: |of| of.tasks.map(|it| (it.with_key.applied_twice, it.with_key.applied_twice_seeds)),
    },
    Harm {
        application: "tasks",
        title: "out of order",
        meaning: "tasks whose effect comes after that of a later task of the same producer, if the \
                  resource has no idempotency key",
        noun: "task",
        happened: "run out of their producer's order without an idempotency key",
        read: |of| {
            of.tasks.map(|it| (it.without_key.out_of_order, it.without_key.out_of_order_seeds))
        },
    },
    Harm {
        application: "tasks",
        title: "disorder, with key",
        meaning: "the same if the resource has an idempotency key: only first effects count",
        noun: "task",
        happened: "run out of their producer's order with one",
        read: |of| of.tasks.map(|it| (it.with_key.out_of_order, it.with_key.out_of_order_seeds)),
    },
];

/// What everybody should know who reads the figures of this kind.
pub(crate) fn note(kind: Kind) -> &'static str {
    match kind {
        Kind::Lock => {
            "A hold reads with its first write to the resource and sells with its second; a write \
             that the resource rejects sells nothing. Inventory is one number, so a late write \
             brings back into stock what was sold since; a cart is a shelf of single units, of \
             which it spoils one. Who shares a lock by design, as a semaphore does, must not guard \
             a stock with it."
        }
        Kind::Queue => {
            "A producer's items are the steps of its orders: one that is created, paid and shipped, \
             then one that is created and cancelled, and so on. They are taken by the resource that \
             the algorithm brings along, which may drop repetitions. A task is shown with both \
             resources, whichever it brought: one that applies whatever it is asked for, and one \
             with an idempotency key. Several consumers work at once, so steps and tasks may be out \
             of order although they were delivered in order."
        }
    }
}
