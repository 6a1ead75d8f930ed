//! What all machines share: the ledger, and whether the run goes on.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use contend_model::plan::Plan;

use super::SimulatedError;
use crate::grid::{Moment, NEVER};
use crate::ledger::{Ledger, Options};
use crate::network::{into_inner, lock};
use crate::outcome::{Ended, Outcome};
use crate::stage::Stage;
use crate::station::{Station, Turn};

/// What all machines share.
pub struct World {
    course: Mutex<Course>,
}

struct Course {
    ledger: Ledger,
    /// Which stations would do something of their own accord, and how many that are.
    stirs: Vec<bool>,
    stirring: usize,
    /// How many packets travel.
    travelling: usize,
    over: Option<Over>,
    supervisor: Option<Waker>,
}

/// How a run came to its end.
enum Over {
    /// The ledger says so.
    Ended(Ended),
    /// Nothing more would happen.
    Quiet,
    Failed(SimulatedError),
}

impl World {
    /// A run that has yet to begin.
    pub fn new(
        stage: &Stage,
        seed: u64,
        plan: &Plan,
        stations: &[Station],
        options: Options,
    ) -> Self {
        let mut ledger = Ledger::new(stage, options);
        ledger.reset(seed, stage.healed(plan));
        let stirs: Vec<bool> = stations.iter().map(stirs).collect();
        let stirring = stirs.iter().filter(|&&stirs| stirs).count();
        let over = (stirring == 0).then_some(Over::Quiet);
        let course = Course { ledger, stirs, stirring, travelling: 0, over, supervisor: None };
        World { course: Mutex::new(course) }
    }

    /// Whether anything may happen at this time.
    #[inline]
    pub fn before(&self, now: u64) -> ControlFlow<()> {
        let mut course = lock(&self.course);
        if course.over.is_none()
            && let Some(ended) = course.ledger.ends_before(now)
        {
            course.end(Over::Ended(ended));
        }
        course.goes_on()
    }

    /// Writes down a turn of the station at this place.
    #[inline]
    pub fn after(&self, now: u64, place: usize, station: &Station, turn: &Turn) -> ControlFlow<()> {
        let mut course = lock(&self.course);
        let course = &mut *course;
        course.travelling += turn.flights.iter().filter(|flight| flight.arrives != NEVER).count();
        course.travelling -= usize::from(turn.arrived);
        let stirs = stirs(station);
        if std::mem::replace(&mut course.stirs[place], stirs) != stirs {
            match stirs {
                true => course.stirring += 1,
                false => course.stirring -= 1,
            }
        }
        if let Some(ended) = course.ledger.note(now, station, turn) {
            course.end(Over::Ended(ended));
        } else if course.stirring + course.travelling == 0 {
            course.end(Over::Quiet);
        }
        course.goes_on()
    }

    /// Ends the run without an outcome.
    pub fn fail(&self, error: SimulatedError) {
        lock(&self.course).end(Over::Failed(error));
    }

    /// Waits for the end.
    pub fn poll_over(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut course = lock(&self.course);
        if course.over.is_some() {
            return Poll::Ready(());
        }
        course.supervisor = Some(context.waker().clone());
        Poll::Pending
    }

    /// What the run came to.
    pub fn conclude(self, stations: Vec<Station>) -> Result<Outcome, SimulatedError> {
        let mut course = into_inner(self.course);
        let ended = match course.over {
            Some(Over::Failed(error)) => return Err(error),
            Some(Over::Ended(ended)) => Some(ended),
            Some(Over::Quiet) | None => None,
        };
        Ok(course.ledger.conclude(ended, &stations).clone())
    }
}

impl Course {
    /// The first end is the one that counts.
    fn end(&mut self, over: Over) {
        self.over.get_or_insert(over);
        if let Some(supervisor) = self.supervisor.take() {
            supervisor.wake();
        }
    }

    fn goes_on(&self) -> ControlFlow<()> {
        if self.over.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

fn stirs(station: &Station) -> bool {
    station.due() != Moment::NEVER
}
