//! The file system against a reference that is too simple to be wrong: names in a map, files that
//! are never numbered twice, locks in a list.

use std::collections::BTreeMap;

use contend_impls::service::files::{Files, Guard, Settings};
use contend_model::ident::{NodeId, Peer, Token};
use contend_model::message::Message;
use contend_model::message::files::{Attributes, Inode, Line, Name, Path, Reply, Request};
use contend_model::time::Span;
use proptest::prelude::*;

use super::reference::{conversations, notices_each};
use super::service::Stepped;

const CLIENTS: u8 = 3;

#[derive(Clone, Copy, Debug)]
enum Move {
    Stat(Path),
    Create(Path),
    Exclusive(Path),
    Symlink(Path),
    Open(Path),
    Close(Path),
    Flock(Path, bool),
    Funlock(Path),
    Mkdir(Path),
    Rmdir(Path),
    Link(Path, Path),
    Rename(Path, Path),
    Unlink(Path),
    Read(Path, u32),
    Append(Path, u32),
    List,
    End,
}

#[derive(Clone, Debug, Default)]
struct Content {
    lines: Vec<Line>,
    directory: bool,
}

/// Files by a number that is never used again; an answer's inode is translated to it.
#[derive(Default)]
struct Reference {
    names: BTreeMap<Path, u32>,
    files: BTreeMap<u32, Content>,
    open: Vec<(Peer, u32)>,
    held: Vec<(u32, Peer)>,
    waiting: Vec<(u32, Peer)>,
    next: u32,
}

/// A reply whose inode, if it has one, is the reference's number.
type Answer = (Peer, Result<Reply, (u32, Option<u8>)>);

impl Reference {
    fn make(&mut self, path: Path, content: Content) -> u32 {
        self.next += 1;
        self.names.insert(path, self.next);
        self.files.insert(self.next, content);
        self.next
    }

    fn is_directory(&self, path: Path) -> Option<bool> {
        self.names.get(&path).map(|file| self.files[file].directory)
    }

    fn open_or_make(&mut self, path: Path) -> u32 {
        match self.names.get(&path) {
            Some(&file) => file,
            None => self.make(path, Content::default()),
        }
    }

    fn free(&mut self, peer: Peer, file: u32) {
        self.held.retain(|&held| held != (file, peer));
        self.waiting.retain(|&waiting| waiting != (file, peer));
    }

    /// The reply to a call about names; `None` for those about open files.
    fn by_name(&mut self, step: Move, token: Token) -> Option<Result<Reply, (u32, Option<u8>)>> {
        let there = |reference: &Self, path| reference.names.contains_key(&path);
        Some(match step {
            Move::Stat(path) => match self.names.get(&path) {
                Some(&file) => {
                    let links = self.names.values().filter(|&&other| other == file).count();
                    Err((file, Some(links as u8)))
                }
                None => Ok(Reply::NoEntry),
            },
            Move::Create(path) | Move::Append(path, _) | Move::Open(path)
                if self.is_directory(path) == Some(true) =>
            {
                Ok(Reply::WrongType)
            }
            Move::Create(path) => {
                let file = self.open_or_make(path);
                self.files.insert(file, Content::default());
                Err((file, None))
            }
            Move::Append(path, number) => {
                let file = self.open_or_make(path);
                let content = self.files.get_mut(&file).expect("it was found or made");
                content.lines.push(Line::Number(number));
                Ok(Reply::Done)
            }
            Move::Exclusive(path) | Move::Symlink(path) | Move::Mkdir(path)
                if there(self, path) =>
            {
                Ok(Reply::Exists)
            }
            Move::Exclusive(path) => Err((self.make(path, Content::default()), None)),
            Move::Symlink(path) => {
                let lines = vec![Line::Token(token)];
                self.make(path, Content { lines, directory: false });
                Ok(Reply::Done)
            }
            Move::Mkdir(path) => {
                self.make(path, Content { lines: Vec::new(), directory: true });
                Ok(Reply::Done)
            }
            Move::Unlink(path) | Move::Rmdir(path) => {
                let wants_directory = matches!(step, Move::Rmdir(_));
                match self.is_directory(path) {
                    None => Ok(Reply::NoEntry),
                    Some(directory) if directory != wants_directory => Ok(Reply::WrongType),
                    Some(_) => {
                        self.names.remove(&path);
                        Ok(Reply::Done)
                    }
                }
            }
            Move::Link(from, to) => match self.is_directory(from) {
                None => Ok(Reply::NoEntry),
                Some(_) if there(self, to) => Ok(Reply::Exists),
                Some(true) => Ok(Reply::WrongType),
                Some(false) => {
                    self.names.insert(to, self.names[&from]);
                    Ok(Reply::Done)
                }
            },
            Move::Rename(from, to) => match (self.names.get(&from), self.names.get(&to)) {
                (None, _) => Ok(Reply::NoEntry),
                (Some(file), Some(other)) if file == other => Ok(Reply::Done),
                (Some(file), Some(other))
                    if self.files[file].directory != self.files[other].directory =>
                {
                    Ok(Reply::WrongType)
                }
                (Some(&file), _) => {
                    self.names.remove(&from);
                    self.names.insert(to, file);
                    Ok(Reply::Done)
                }
            },
            Move::Read(path, at) => match self.names.get(&path) {
                None => Ok(Reply::NoEntry),
                Some(file) if self.files[file].directory => Ok(Reply::WrongType),
                Some(file) => {
                    let line = self.files[file].lines.get(at as usize);
                    Ok(line.map_or(Reply::EndOfFile, |&line| Reply::Line(line)))
                }
            },
            Move::List => {
                let first = self.names.keys().find(|path| path.directory == "spool");
                Ok(first.map_or(Reply::NoEntry, |path| Reply::Entry(path.name)))
            }
            _ => return None,
        })
    }

    fn by_open_file(&mut self, from: Peer, step: Move, file: u32) -> Vec<Answer> {
        let mut answers = Vec::new();
        let is_open = self.open.contains(&(from, file));
        let taken = self.held.iter().any(|&(other, peer)| other == file && peer != from);
        match step {
            _ if !is_open => answers.push((from, Ok(Reply::BadFile))),
            Move::Flock(_, false) if taken => answers.push((from, Ok(Reply::WouldBlock))),
            Move::Flock(_, true) if taken => {
                if !self.waiting.contains(&(file, from)) {
                    self.waiting.push((file, from));
                }
            }
            Move::Flock(..) => {
                self.free(from, file);
                self.held.push((file, from));
                answers.push((from, Ok(Reply::Locked)));
            }
            _ => {
                self.free(from, file);
                if let Move::Close(_) = step {
                    self.open.retain(|&open| open != (from, file));
                }
                answers.push((from, Ok(Reply::Done)));
            }
        }
        answers
    }

    fn give_locks(&mut self) -> Vec<Answer> {
        let mut answers = Vec::new();
        while let Some(place) = (0..self.waiting.len()).find(|&place| {
            let (file, _) = self.waiting[place];
            !self.held.iter().any(|&(other, _)| other == file)
        }) {
            let (file, peer) = self.waiting.remove(place);
            self.held.push((file, peer));
            answers.push((peer, Ok(Reply::Locked)));
        }
        answers
    }
}

fn paths() -> impl Strategy<Value = Path> {
    prop_oneof![
        Just(Path::named("lock")),
        Just(Path::named("other")),
        (1..3u32).prop_map(|number| Path::within("spool", Name::Number(number))),
    ]
}

fn moves() -> impl Strategy<Value = Vec<(u8, Move)>> {
    let one = prop_oneof![
        1 => paths().prop_map(Move::Stat),
        1 => paths().prop_map(Move::Create),
        1 => paths().prop_map(Move::Exclusive),
        1 => paths().prop_map(Move::Symlink),
        3 => paths().prop_map(Move::Open),
        1 => paths().prop_map(Move::Close),
        4 => (paths(), any::<bool>()).prop_map(|(path, wait)| Move::Flock(path, wait)),
        1 => paths().prop_map(Move::Funlock),
        1 => paths().prop_map(Move::Mkdir),
        1 => paths().prop_map(Move::Rmdir),
        1 => (paths(), paths()).prop_map(|(from, to)| Move::Link(from, to)),
        2 => (paths(), paths()).prop_map(|(from, to)| Move::Rename(from, to)),
        2 => paths().prop_map(Move::Unlink),
        1 => (paths(), 0..3u32).prop_map(|(path, at)| Move::Read(path, at)),
        1 => (paths(), 0..3u32).prop_map(|(path, number)| Move::Append(path, number)),
        1 => Just(Move::List),
        1 => Just(Move::End),
    ];
    prop::collection::vec((0..CLIENTS, one), 0..60)
}

/// The inode that the file of this name has now, for calls that name an open file.
fn inode(files: &Files, path: Path) -> Inode {
    files.tree().find(path).unwrap_or(Inode { number: 99, generation: None })
}

fn request(files: &Files, step: Move, token: Token) -> Request {
    match step {
        Move::Stat(path) => Request::Stat { path, revalidate: false },
        Move::Create(path) => Request::Create(path),
        Move::Exclusive(path) => Request::CreateExclusive { path, verifier: token },
        Move::Symlink(path) => Request::Symlink { target: token, path },
        Move::Open(path) => Request::Open(path),
        Move::Close(path) => Request::Close(inode(files, path)),
        Move::Flock(path, wait) => Request::Flock { file: inode(files, path), wait },
        Move::Funlock(path) => Request::Funlock(inode(files, path)),
        Move::Mkdir(path) => Request::Mkdir(path),
        Move::Rmdir(path) => Request::Rmdir(path),
        Move::Link(from, to) => Request::Link { from, to },
        Move::Rename(from, to) => Request::Rename { from, to },
        Move::Unlink(path) => Request::Unlink(path),
        Move::Read(path, at) => Request::Read { path, at },
        Move::Append(path, number) => Request::Append { path, line: Line::Number(number) },
        Move::List | Move::End => Request::Next { directory: "spool", after: None },
    }
}

/// Lets both hear the same; they are to say the same.
fn agrees(lacks: Option<Guard>, moves: Vec<(u8, Move)>) -> Result<(), TestCaseError> {
    let grace = Span::ms(1);
    let settings =
        Settings { sync_every: None, cache: None, age: None, by_change: false, grace, lacks };
    let mut files = Stepped::new(Files::new(settings));
    let mut reference = Reference::default();
    // Every exclusive create has a verifier of its own.
    for (serial, (client, step)) in (1u16..).zip(moves) {
        let node = NodeId::Client(client);
        let from = Peer { node, connection: 0 };
        let token = Token { client: node, incarnation: 0, serial };
        let (answers, path) = match step {
            Move::End => {
                reference.open.retain(|&(peer, _)| peer != from);
                reference.held.retain(|&(_, peer)| peer != from);
                reference.waiting.retain(|&(_, peer)| peer != from);
                (files.end(from), None)
            }
            Move::Close(path) | Move::Flock(path, _) | Move::Funlock(path) => {
                (files.ask(from, request(files.service(), step, token)), Some(path))
            }
            _ => (files.ask(from, request(files.service(), step, token)), None),
        };
        let mut expected = Vec::new();
        if let Some(reply) = reference.by_name(step, token) {
            expected.push((from, reply));
        } else if let Move::Open(path) = step {
            let file = reference.open_or_make(path);
            if !reference.open.contains(&(from, file)) {
                reference.open.push((from, file));
            }
            expected.push((from, Err((file, None))));
        } else if let Some(path) = path {
            let file = reference.names.get(&path).copied().unwrap_or(0);
            expected.extend(reference.by_open_file(from, step, file));
        }
        expected.extend(reference.give_locks());
        // The file of a reply is known by one of its names.
        let mut found = Vec::new();
        for (peer, message) in answers {
            let Message::FilesReply(reply) = message else { panic!("{message}") };
            let number = |inode: Inode| {
                let tree = files.service().tree();
                let mut names = reference.names.iter();
                names.find(|&(&path, _)| tree.find(path) == Some(inode)).map(|(_, &file)| file)
            };
            found.push((
                peer,
                match reply {
                    Reply::Opened(inode) => Err((number(inode).unwrap_or(0), None)),
                    Reply::Attributes(Attributes { inode, links, .. }) => {
                        Err((number(inode).unwrap_or(0), Some(links)))
                    }
                    reply => Ok(reply),
                },
            ));
        }
        prop_assert_eq!(found, expected, "{}", files.log());
    }
    Ok(())
}

proptest! {
    #![proptest_config(conversations(2_000))]

    #[test]
    fn any_conversation_is_answered_as_the_reference_answers_it(moves in moves()) {
        agrees(None, moves)?;
    }
}

/// Ages, crashes and the grace period after them are the examples' matter.
#[test]
fn the_reference_notices_every_check_that_is_missing() {
    let guards = [Guard::CreateIsExclusive, Guard::LocksExclude, Guard::LocksEndWithConnection];
    notices_each(&guards, &moves(), |guard, moves| agrees(Some(guard), moves));
}
