//! Why a client removes what stands for it at the backend, and what its caller is told once that is done.

use contend_model::op::{Op, Outcome};
use contend_model::process::Effects;

/// Why the client's own key or node is being deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Why {
    Release,
    Cancel,
    /// The hold was lost; what the caller has called since.
    Lost(Option<Op>),
}

impl Why {
    /// The caller of a lost hold calls again before the deletion is done.
    pub fn lost_and_called(op: Op, out: &mut Effects) -> Self {
        if op == Op::Cancel {
            out.returns(Outcome::Cancelled);
            return Why::Lost(None);
        }
        Why::Lost(Some(op))
    }

    /// The deletion is done, and was a release if something was deleted. Says whether the caller waits to
    /// acquire.
    pub fn ended(self, released: bool, out: &mut Effects) -> bool {
        match self {
            Why::Release if released => out.returns(Outcome::Released),
            Why::Release | Why::Lost(Some(Op::Release)) => out.returns(Outcome::NotHeld),
            Why::Cancel => out.returns(Outcome::Cancelled),
            Why::Lost(_) => {}
        }
        self == Why::Lost(Some(Op::Acquire))
    }
}
