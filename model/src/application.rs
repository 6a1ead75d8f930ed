//! What an algorithm's flaws mean to a program that relies on it.
//!
//! The documents name four such programs. None of them runs anywhere: each is a fold over the
//! history that every algorithm's runs leave behind anyway, so that all are asked the same
//! question in the same seeds, and asking changes nothing. The protected resource is read as the
//! program's data base: what it took, in its order, is what happened to stock, cart or account.

mod cart;
mod effects;
mod inventory;
mod named;
mod orders;
mod purchase;
mod tasks;

pub use cart::Cart;
pub use inventory::Inventory;
pub use orders::Orders;
pub use tasks::{Effected, Tasks};

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::history::Record;
use crate::property::Kind;
use effects::Effects;

/// A program that relies on a lock or on a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Application {
    /// A flash sale behind a lock: see [`Inventory`].
    Inventory {
        /// How many units are there at first.
        stock: u32,
    },
    /// A shelf of single units behind a lock: see [`Cart`].
    Cart,
    /// Orders and their payments through a queue: see [`Orders`].
    Orders,
    /// Work through a queue: see [`Tasks`].
    Tasks,
}

impl Application {
    /// The stock of a flash sale that does not say how large it is. Less than the default
    /// workload asks for, so that it sells out.
    pub const USUAL_STOCK: u32 = 20;

    /// The programs that rely on this kind of algorithm.
    pub fn of(kind: Kind) -> [Application; 2] {
        match kind {
            Kind::Lock => {
                [Application::Inventory { stock: Application::USUAL_STOCK }, Application::Cart]
            }
            Kind::Queue => [Application::Orders, Application::Tasks],
        }
    }

    /// What it relies on.
    pub fn kind(self) -> Kind {
        match self {
            Application::Inventory { .. } | Application::Cart => Kind::Lock,
            Application::Orders | Application::Tasks => Kind::Queue,
        }
    }
}

/// Adds what one seed showed, and the seed if it showed anything.
fn tally(all: &mut u64, seeds: &mut u64, seen: u64) {
    *all += seen;
    *seeds += u64::from(seen > 0);
}

impl fmt::Display for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Application::Inventory { .. } => "inventory",
            Application::Cart => "cart",
            Application::Orders => "orders",
            Application::Tasks => "tasks",
        })
    }
}

/// What came of the programs that were asked about, summed over runs. Records of builds that did
/// not ask have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Applications {
    /// The flash sale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inventory: Option<Inventory>,
    /// The shelf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cart: Option<Cart>,
    /// The orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orders: Option<Orders>,
    /// The work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tasks: Option<Tasks>,
}

impl Applications {
    /// Nothing seen yet of these programs.
    pub fn new(asked: &[Application]) -> Self {
        let mut applications = Applications::default();
        for application in asked {
            match *application {
                Application::Inventory { stock } => {
                    applications.inventory = Some(Inventory::new(stock));
                }
                Application::Cart => applications.cart = Some(Cart::default()),
                Application::Orders => applications.orders = Some(Orders::default()),
                Application::Tasks => applications.tasks = Some(Tasks::default()),
            }
        }
        applications
    }

    /// Takes in the history of one run, from its beginning to its end. Of a run that was cut off
    /// nobody can say what would never have happened.
    pub fn add(&mut self, history: &[Record], cut_off: bool) {
        if let Some(inventory) = &mut self.inventory {
            inventory.add(history);
        }
        if let Some(cart) = &mut self.cart {
            cart.add(history);
        }
        if self.orders.is_none() && self.tasks.is_none() {
            return;
        }
        let effects = Effects::of(history, cut_off);
        if let Some(orders) = &mut self.orders {
            orders.add(&effects);
        }
        if let Some(tasks) = &mut self.tasks {
            tasks.add(&effects);
        }
    }

    /// Takes in what was seen elsewhere of the same programs.
    pub fn merge(&mut self, other: &Applications) {
        if let (Some(inventory), Some(other)) = (&mut self.inventory, &other.inventory) {
            inventory.merge(other);
        }
        if let (Some(cart), Some(other)) = (&mut self.cart, &other.cart) {
            cart.merge(other);
        }
        if let (Some(orders), Some(other)) = (&mut self.orders, &other.orders) {
            orders.merge(other);
        }
        if let (Some(tasks), Some(other)) = (&mut self.tasks, &other.tasks) {
            tasks.merge(other);
        }
    }
}
