//! Commands with conditions, and scripts: each atomic, with time standing still inside.

use contend_model::history::Fact;
use contend_model::ident::{Item, NodeId, Token};
use contend_model::message::store::{End, Expiry, Key, LEASE, ONCE, Reply, Script, Value, When};
use contend_model::process::Effects;
use contend_model::time::Span;

use super::{Guard, Store};

impl Store {
    pub(super) fn set(
        &mut self,
        key: Key,
        value: Value,
        when: When,
        expiry: Expiry,
        by: NodeId,
        out: &mut Effects,
    ) -> Reply {
        let exists = self.live.contains(key);
        let writes = match when {
            When::Always => true,
            When::Absent => !exists || !self.has(Guard::SetIfAbsent),
            When::Present => exists,
        };
        if !writes {
            return Reply::Nil;
        }
        let kept = self.live.deadline(key);
        let deadline = match expiry {
            Expiry::Never if self.has(Guard::SetClearsExpiry) => None,
            Expiry::Never | Expiry::Keep => kept,
            Expiry::After(span) => Some(self.deadline_of(key, span, out)),
        };
        self.live.put(key, value, deadline, Some(by));
        Reply::Ok
    }

    pub(super) fn delete(&mut self, key: Key, by: NodeId, out: &mut Effects) -> Reply {
        self.note_disposal(key, by, out);
        Reply::Int(u32::from(self.live.remove(key)))
    }

    fn note_disposal(&self, key: Key, by: NodeId, out: &mut Effects) {
        if let Some(of) = self.live.setter(key) {
            out.note(Fact::Disposed { by, of });
        }
    }

    pub(super) fn pexpire(&mut self, key: Key, span: Span, by: NodeId, out: &mut Effects) -> Reply {
        let exists = self.live.contains(key);
        if exists {
            self.note_disposal(key, by, out);
            let deadline = self.deadline_of(key, span, out);
            self.live.set_deadline(key, deadline);
        }
        Reply::Int(u32::from(exists))
    }

    pub(super) fn run(&mut self, script: Script, by: NodeId, out: &mut Effects) -> Reply {
        match script {
            Script::CompareDelete(key, value) => {
                let same = self.live.holds(key, value) || !self.has(Guard::CompareBeforeDelete);
                if same { self.delete(key, by, out) } else { Reply::Int(0) }
            }
            Script::CompareExpire(key, value, span) => {
                if self.live.holds(key, value) || !self.has(Guard::CompareBeforeExpire) {
                    self.pexpire(key, span, by, out)
                } else {
                    Reply::Int(0)
                }
            }
            Script::AcquireFenced { key, value, lease, fence } => {
                self.acquire_fenced(key, value, (lease, fence), by, out)
            }
            Script::TakeSlot { slots, blockers, value, lease } => {
                let blocked = blockers.iter().any(|&blocker| self.live.contains(blocker));
                let free = slots.iter().position(|&slot| !self.live.contains(slot));
                match free.filter(|_| !blocked) {
                    Some(slot) => {
                        let deadline = lease.map(|lease| self.deadline_of(slots[slot], lease, out));
                        self.live.put(slots[slot], value, deadline, Some(by));
                        Reply::Int(slot as u32)
                    }
                    None => Reply::Nil,
                }
            }
            Script::LeaveSlot { slots, value } => {
                let mut left = 0;
                for &slot in slots {
                    if self.live.holds(slot, value) {
                        self.delete(slot, by, out);
                        left += 1;
                    }
                }
                Reply::Int(left)
            }
            Script::PushOnce { queue, item } => self.push_once(queue, item),
            Script::Claim { queue, processing, token, lease } => {
                self.claim(queue, processing, token, lease, out)
            }
            Script::Settle { processing, item, token } => {
                self.settle_claim(processing, item, token)
            }
            Script::Reap { queue, processing } => self.reap(queue, processing),
        }
    }

    fn acquire_fenced(
        &mut self,
        key: Key,
        value: Value,
        (lease, fence): (Span, Key),
        by: NodeId,
        out: &mut Effects,
    ) -> Reply {
        if self.live.holds(key, value) && self.has(Guard::AcquireIsIdempotent) {
            // The key may have been set by an older question; the answer is about this one.
            if self.has(Guard::AcquireProlongs) {
                self.pexpire(key, lease, by, out);
            }
            return match self.live.get(fence) {
                Reply::Value(Value::Number(number)) => Reply::Int(number),
                other => other,
            };
        }
        if self.live.contains(key) && self.has(Guard::AcquireIsExclusive) {
            return Reply::Nil;
        }
        let deadline = self.deadline_of(key, lease, out);
        self.live.put(key, value, Some(deadline), Some(by));
        if self.has(Guard::FenceCounts) { self.live.increment(fence) } else { Reply::Int(1) }
    }

    fn push_once(&mut self, queue: Key, item: Item) -> Reply {
        let once = Key::of(ONCE, item);
        if self.live.contains(once) && self.has(Guard::PushIsIdempotent) {
            return Reply::Int(0);
        }
        self.live.put(once, Value::Number(1), None, None);
        self.live.push(End::Left, queue, Value::Item(item));
        Reply::Int(1)
    }

    fn claim(
        &mut self,
        queue: Key,
        processing: Key,
        token: Token,
        lease: Span,
        out: &mut Effects,
    ) -> Reply {
        let Some(value) = self.live.pop(End::Right, queue) else { return Reply::Nil };
        if self.has(Guard::ClaimKeepsAside) {
            self.live.push(End::Left, processing, value);
        }
        if let Value::Item(item) = value
            && self.has(Guard::ClaimHasLease)
        {
            let deadline = self.deadline_of(Key::of(LEASE, item), lease, out);
            self.live.put(Key::of(LEASE, item), Value::Token(token), Some(deadline), None);
        }
        Reply::Value(value)
    }

    fn settle_claim(&mut self, processing: Key, item: Item, token: Token) -> Reply {
        let lease = Key::of(LEASE, item);
        let own = self.live.holds(lease, Value::Token(token));
        if !own && self.has(Guard::SettleComparesToken) {
            return Reply::Int(0);
        }
        if !self.has(Guard::SettleRemoves) {
            return Reply::Int(1);
        }
        self.live.remove(lease);
        Reply::Int(u32::from(self.live.remove_element(processing, Value::Item(item))))
    }

    fn reap(&mut self, queue: Key, processing: Key) -> Reply {
        // The head of `processing` is the newest claim; the oldest is to be taken next, so it is
        // pushed last.
        let claimed = self.live.list(processing).to_vec();
        let mut reaped = 0;
        for value in claimed {
            let Value::Item(item) = value else { continue };
            let leased = self.live.contains(Key::of(LEASE, item));
            if leased && self.has(Guard::ReapChecksLease) {
                continue;
            }
            self.live.remove_element(processing, value);
            self.live.push(End::Right, queue, value);
            reaped += 1;
        }
        Reply::Int(reaped)
    }
}
