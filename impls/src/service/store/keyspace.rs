//! Keys and what is in them.

use std::collections::BTreeMap;

use contend_model::ident::NodeId;
use contend_model::message::store::{End, Key, Reply, Value};
use contend_model::symmetry::{Permutation, Symmetric};

use super::sorted_set::SortedSet;
use super::stream::Stream;

/// What a key holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Data {
    /// A string or a number.
    String(Value),
    /// A list, its head first. A list that has lost its last element is no longer there.
    List(Vec<Value>),
    /// A sorted set. One that has lost its last member is no longer there.
    SortedSet(SortedSet),
    /// A stream and its group, which are there for ever.
    Stream(Stream),
}

/// What a key holds and when it ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Entry {
    data: Data,
    /// The number of the timer that ends it.
    deadline: Option<u8>,
    /// Who set it, if that matters to the judges; no command can read it.
    setter: Option<NodeId>,
}

/// All keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Keyspace {
    entries: BTreeMap<Key, Entry>,
}

impl Keyspace {
    /// Whether the key exists.
    pub fn contains(&self, key: Key) -> bool {
        self.entries.contains_key(&key)
    }

    /// `GET`.
    pub fn get(&self, key: Key) -> Reply {
        match self.entries.get(&key).map(|entry| &entry.data) {
            None => Reply::Nil,
            Some(Data::String(value)) => Reply::Value(*value),
            Some(Data::List(_) | Data::SortedSet(_) | Data::Stream(_)) => Reply::Error,
        }
    }

    /// Whether the key holds just this string.
    pub fn holds(&self, key: Key, value: Value) -> bool {
        self.get(key) == Reply::Value(value)
    }

    /// Writes a string, whatever was there.
    pub fn put(&mut self, key: Key, value: Value, deadline: Option<u8>, setter: Option<NodeId>) {
        self.entries.insert(key, Entry { data: Data::String(value), deadline, setter });
    }

    /// Who set the key, if it exists and that matters.
    pub fn setter(&self, key: Key) -> Option<NodeId> {
        self.entries.get(&key).and_then(|entry| entry.setter)
    }

    /// When the key ends, if it exists and does.
    pub fn deadline(&self, key: Key) -> Option<u8> {
        self.entries.get(&key).and_then(|entry| entry.deadline)
    }

    /// Has an existing key end with this deadline.
    pub fn set_deadline(&mut self, key: Key, deadline: u8) {
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.deadline = Some(deadline);
        }
    }

    /// All deadlines in use.
    pub fn deadlines(&self) -> impl Iterator<Item = u8> {
        let of_pending = self.entries.values().filter_map(|entry| match &entry.data {
            Data::Stream(stream) => Some(stream.deadlines()),
            Data::String(_) | Data::List(_) | Data::SortedSet(_) => None,
        });
        let of_members = self.entries.values().filter_map(|entry| match &entry.data {
            Data::SortedSet(set) => Some(set.deadlines()),
            Data::String(_) | Data::List(_) | Data::Stream(_) => None,
        });
        let of_keys = self.entries.values().filter_map(|entry| entry.deadline);
        of_keys.chain(of_pending.flatten()).chain(of_members.flatten())
    }

    /// The deadline has passed: whatever it belongs to ends, or, in a store that forgets to, lives
    /// on without one.
    pub fn expire(&mut self, deadline: u8, ends: bool) {
        for entry in self.entries.values_mut() {
            match &mut entry.data {
                Data::SortedSet(set) => set.expire(deadline),
                Data::Stream(stream) => stream.expire(deadline),
                Data::String(_) | Data::List(_) => {}
            }
        }
        if ends {
            self.entries.retain(|_, entry| entry.deadline != Some(deadline));
        } else {
            for entry in self.entries.values_mut() {
                entry.deadline = entry.deadline.filter(|&other| other != deadline);
            }
        }
    }

    /// Removes a key; whether it was there.
    pub fn remove(&mut self, key: Key) -> bool {
        self.entries.remove(&key).is_some()
    }

    /// `INCR`: keeps the time to live.
    pub fn increment(&mut self, key: Key) -> Reply {
        let absent = Entry { data: Data::String(Value::Number(0)), deadline: None, setter: None };
        match &mut self.entries.entry(key).or_insert(absent).data {
            Data::String(Value::Number(number)) => {
                *number += 1;
                Reply::Int(*number)
            }
            Data::String(_) | Data::List(_) | Data::SortedSet(_) | Data::Stream(_) => Reply::Error,
        }
    }

    /// The elements of a list, its head first; none if there is no such list.
    pub fn list(&self, key: Key) -> &[Value] {
        match self.entries.get(&key).map(|entry| &entry.data) {
            Some(Data::List(elements)) => elements,
            Some(Data::String(_) | Data::SortedSet(_) | Data::Stream(_)) | None => &[],
        }
    }

    fn list_mut(&mut self, key: Key) -> Option<&mut Vec<Value>> {
        match self.entries.get_mut(&key).map(|entry| &mut entry.data) {
            Some(Data::List(elements)) => Some(elements),
            Some(Data::String(_) | Data::SortedSet(_) | Data::Stream(_)) | None => None,
        }
    }

    /// A sorted set, if there is one.
    pub fn sorted_set(&self, key: Key) -> Option<&SortedSet> {
        match self.entries.get(&key).map(|entry| &entry.data) {
            Some(Data::SortedSet(set)) => Some(set),
            Some(Data::String(_) | Data::List(_) | Data::Stream(_)) | None => None,
        }
    }

    /// Changes a sorted set, which is made if there is none, and is gone if nothing is left in it.
    ///
    /// # Panics
    /// If the key holds something else.
    pub(super) fn change_sorted_set<R>(
        &mut self,
        key: Key,
        change: impl FnOnce(&mut SortedSet) -> R,
    ) -> R {
        let data = Data::SortedSet(SortedSet::default());
        let absent = Entry { data, deadline: None, setter: None };
        let Data::SortedSet(set) = &mut self.entries.entry(key).or_insert(absent).data else {
            panic!("{key} holds no sorted set")
        };
        let (result, empty) = (change(set), set.is_empty());
        if empty {
            self.entries.remove(&key);
        }
        result
    }

    /// A stream, if there is one.
    pub fn stream(&self, key: Key) -> Option<&Stream> {
        match self.entries.get(&key).map(|entry| &entry.data) {
            Some(Data::Stream(stream)) => Some(stream),
            Some(Data::String(_) | Data::List(_) | Data::SortedSet(_)) | None => None,
        }
    }

    /// A stream, which is made if there is none.
    ///
    /// # Panics
    /// If the key holds something else.
    pub(super) fn stream_mut(&mut self, key: Key) -> &mut Stream {
        let data = Data::Stream(Stream::default());
        let absent = Entry { data, deadline: None, setter: None };
        match &mut self.entries.entry(key).or_insert(absent).data {
            Data::Stream(stream) => stream,
            Data::String(_) | Data::List(_) | Data::SortedSet(_) => panic!("{key} holds no stream"),
        }
    }

    /// `LPUSH`, `RPUSH`.
    pub fn push(&mut self, end: End, key: Key, value: Value) -> Reply {
        let absent = Entry { data: Data::List(Vec::new()), deadline: None, setter: None };
        self.entries.entry(key).or_insert(absent);
        let Some(elements) = self.list_mut(key) else { return Reply::Error };
        match end {
            End::Left => elements.insert(0, value),
            End::Right => elements.push(value),
        }
        Reply::Int(elements.len() as u32)
    }

    /// The element at an end, without taking it.
    pub fn peek(&self, end: End, key: Key) -> Option<Value> {
        match end {
            End::Left => self.list(key).first().copied(),
            End::Right => self.list(key).last().copied(),
        }
    }

    /// `LPOP`, `RPOP`.
    pub fn pop(&mut self, end: End, key: Key) -> Option<Value> {
        let elements = self.list_mut(key)?;
        let value = match end {
            End::Left => elements.remove(0),
            End::Right => elements.pop()?,
        };
        self.drop_if_empty(key);
        Some(value)
    }

    /// `LREM key 1 value`; whether it was there.
    pub fn remove_element(&mut self, key: Key, value: Value) -> bool {
        let Some(elements) = self.list_mut(key) else { return false };
        let Some(place) = elements.iter().position(|&element| element == value) else {
            return false;
        };
        elements.remove(place);
        self.drop_if_empty(key);
        true
    }

    fn drop_if_empty(&mut self, key: Key) {
        if self.list(key).is_empty() {
            self.entries.remove(&key);
        }
    }
}

impl Symmetric for Keyspace {
    fn permute(&mut self, permutation: &Permutation) {
        let entries = std::mem::take(&mut self.entries);
        for (mut key, mut entry) in entries {
            key.permute(permutation);
            entry.setter.permute(permutation);
            match &mut entry.data {
                Data::String(value) => value.permute(permutation),
                Data::List(elements) => elements.permute(permutation),
                Data::SortedSet(set) => set.permute(permutation),
                Data::Stream(stream) => stream.permute(permutation),
            }
            self.entries.insert(key, entry);
        }
    }
}
