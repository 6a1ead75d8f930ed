//! The worlds that are searched for one algorithm in one environment. What callers do differs from
//! study to study, so that each stays small.

use crate::algorithm::Algorithm;
use crate::caller::Duty;
use crate::discipline::Discipline;
use crate::property::{Environment, Kind, Property};
use crate::world::{Scope, World};

/// A way for callers to behave, and the properties that it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Study {
    /// Acquire, write twice, release.
    Locking,
    /// Acquire a second time while holding.
    Nesting,
    /// The same twice, where once does no harm.
    NestingTwice,
    /// Acquire again and again while others wait.
    Overtaking {
        /// How often each of them acquires.
        operations: u16,
    },
    /// Give up waiting.
    GivingUp,
    /// Hold until asked to come to an end.
    Clinging,
    /// Acquire twice, where the first study has room for one acquisition alone, and less may go wrong at once.
    Returning,
    /// Acquire twice and perhaps give up, where less may go wrong at once. Who acquires once leaves others waiting
    /// in fewer steps, since it does not come back; so giving up is a study of one acquisition.
    Leaving,
    /// Acquire twice where there is nobody else, and perhaps give up: who waits, waits for what it has left
    /// behind.
    Alone,
    /// Acquire once, while two crashes happen.
    CrashingTwice,
    /// Enqueue; dequeue, work, acknowledge.
    Queueing,
    /// Two producers take turns, and one consumer.
    Ordering,
    /// Two consumers share more items than each can work on at once, and take their time.
    Sharing,
    /// One item, and faults in pairs: the second may harm what the first has left behind.
    Pairing,
    /// Two items, and faults in pairs: the second may harm what came after the first.
    FailingTwice,
    /// A consumer that is kept busy with newer items.
    Starving,
    /// Of a lock that readers share: two writers.
    Writing,
}

/// Enough to be overtaken twice.
const FEW: Study = Study::Overtaking { operations: 3 };

/// Of locks. The first is for those that readers share alone.
const LOCKS: [Study; 6] =
    [Study::Writing, Study::Locking, Study::Nesting, FEW, Study::GivingUp, Study::Clinging];

impl Study {
    /// The same study with more of what it is about, for those of whom it did not tell enough.
    pub fn larger(self, environment: Environment) -> Option<Study> {
        match self {
            FEW => Some(Study::Overtaking { operations: 5 }),
            Study::Nesting if environment == Environment::Lossy => Some(Study::NestingTwice),
            _ => None,
        }
    }

    /// The studies of an algorithm in one environment.
    pub fn of(algorithm: &dyn Algorithm, environment: Environment) -> Vec<Study> {
        let card = algorithm.card();
        match card.kind {
            Kind::Lock => {
                let first = usize::from(card.discipline != Discipline::ReadWrite);
                let usual = Scope::of(&card, environment, 1);
                let narrowed = algorithm.narrowed(usual.clone());
                let once = narrowed.duty.operations < usual.duty.operations;
                let early = environment == Environment::Expiry;
                let late = early || matches!(environment, Environment::Lossy | Environment::Crash);
                // Where answers may come too late, three who acquire twice and may give up are too many, and
                // so are two of whom the usual scope has room for one acquisition.
                let few = usual.impatient().roles.len() == 2 && (early || !once);
                let beside = [
                    (late, Study::Alone),
                    (algorithm.falls_to_pairs(environment), Study::CrashingTwice),
                    (once, Study::Returning),
                    (few || !late, Study::Leaving),
                ];
                let beside = beside.into_iter().filter(|&(is_due, _)| is_due);
                LOCKS[first..].iter().copied().chain(beside.map(|(_, study)| study)).collect()
            }
            Kind::Queue => {
                let pairs = algorithm.falls_to_pairs(environment).then_some(Study::FailingTwice);
                Study::of_queues(environment).iter().copied().chain(pairs).collect()
            }
        }
    }

    fn of_queues(environment: Environment) -> &'static [Study] {
        match environment {
            // Starvation takes no fault; a lease that has to end first is no starvation.
            Environment::Calm => {
                &[Study::Queueing, Study::Ordering, Study::Sharing, Study::Starving]
            }
            // Without a failover to come nothing is replicated, and who waits for that waits for ever.
            Environment::Failover => &[Study::Queueing],
            // Two crashes leave nobody of two consumers.
            Environment::Misuse | Environment::Crash => {
                &[Study::Queueing, Study::Ordering, Study::Sharing]
            }
            Environment::Lossy | Environment::Expiry => {
                &[Study::Queueing, Study::Ordering, Study::Sharing, Study::Pairing]
            }
        }
    }

    /// What the study shows in this environment.
    pub fn properties(self, environment: Environment) -> &'static [Property] {
        const QUEUES: &[Property] = &[
            Property::NoLoss,
            Property::NoPhantom,
            Property::NoDuplicate,
            Property::AtLeastOnce,
            Property::AtMostOnce,
            Property::Exclusive,
            Property::Fifo,
            Property::TerminalStays,
            Property::Emptiness,
            Property::Progress,
        ];
        match self {
            Study::Locking | Study::Writing | Study::Returning => &[
                Property::MutualExclusion,
                Property::Fencing,
                Property::DeadlockFreedom,
                Property::Ownership,
                Property::Consistency,
            ],
            Study::CrashingTwice => {
                &[Property::MutualExclusion, Property::Fencing, Property::Consistency]
            }
            Study::Nesting | Study::NestingTwice => &[Property::Reentrancy],
            Study::Overtaking { .. } => &[Property::Fairness],
            Study::GivingUp | Study::Leaving => &[Property::Interruptibility],
            Study::Clinging => &[Property::Revocation],
            Study::Alone => &[Property::DeadlockFreedom, Property::Interruptibility],
            // All that takes no second search.
            Study::FailingTwice => &QUEUES[..8],
            // In calm, starvation is asked for as well, and has a study of its own.
            Study::Queueing if environment == Environment::Calm => &QUEUES[..9],
            Study::Queueing | Study::Pairing => QUEUES,
            Study::Ordering => {
                &[Property::NoLoss, Property::AtLeastOnce, Property::Fifo, Property::Progress]
            }
            Study::Sharing => &[Property::Exclusive, Property::Fifo],
            Study::Starving => &[Property::Progress],
        }
    }

    /// What is explored of an algorithm in one environment.
    pub fn scope(self, algorithm: &dyn Algorithm, environment: Environment, faults: u8) -> Scope {
        // Producers and consumers get into each other's way without any fault, or not at all.
        let alone = matches!(self, Study::Ordering | Study::Sharing);
        let faults = if alone { 0 } else { faults };
        let scope = Scope::of(&algorithm.card(), environment, faults);
        let scope = match self {
            Study::Locking => scope,
            Study::Queueing => scope.judging_emptiness(),
            Study::Nesting => scope.nested(),
            Study::NestingTwice => scope.nested_twice(),
            Study::Overtaking { operations } => scope.contended(operations),
            Study::GivingUp => scope.impatient().once(),
            Study::Clinging => scope.clinging(),
            Study::Alone => scope.alone(),
            Study::Returning => scope.one_by_one(),
            Study::Leaving => scope.impatient().one_by_one().without_pauses(),
            Study::Ordering => scope.rivalling(),
            Study::Sharing => scope.shared(),
            Study::Pairing => scope.paired().once().judging_emptiness(),
            Study::FailingTwice => scope.paired(),
            Study::CrashingTwice => scope.crashing_twice(),
            Study::Writing => scope.writing(),
            Study::Starving => scope.steady(),
        };
        let narrowed = algorithm.narrowed(scope.clone());
        match self {
            // Who acquires but once is overtaken by nobody.
            Study::Overtaking { .. } if narrowed.duty.operations < 2 => scope,
            // One client is narrow enough.
            Study::Alone => scope,
            Study::Returning => {
                let (roles, operations) = (scope.roles, scope.duty.operations);
                Scope { roles, duty: Duty { operations, ..narrowed.duty }, ..narrowed }
            }
            _ => narrowed,
        }
    }

    /// The world of the study.
    pub fn world(self, algorithm: &dyn Algorithm, environment: Environment, faults: u8) -> World {
        let world = World::new(algorithm, self.scope(algorithm, environment, faults));
        match self {
            // Who overtakes whom is followed from state to state.
            Study::Overtaking { .. } => world.without_symmetry(),
            _ => world,
        }
    }
}
