//! The file system as conversations: `A>` is a call, `A<` its answer, `--` something that happens,
//! and what stands in brackets is what the judges are shown. The pages are Linux manual pages and
//! RFCs. With `UPDATE_EXPECT=1` the answers are written anew. A long file, since it is a list.

use contend_impls::service::files::{Files, Settings};
use contend_model::ident::{Item, NodeId, Peer, Token};
use contend_model::message::files::{Inode, Line, Name, Path, Request};
use contend_model::time::Span;
use expect_test::{Expect, expect};

use super::service::{A, B, C, Stepped};

const LOCK: Path = Path::named("lock");
const OTHER: Path = Path::named("other");
const SYNC: Settings = Settings {
    sync_every: None,
    cache: None,
    age: None,
    by_change: false,
    grace: Span::ms(3),
    lacks: None,
};

fn token(of: Peer) -> Token {
    Token { client: of.node, incarnation: 0, serial: 1 }
}

fn exclusive(by: Peer) -> Request {
    Request::CreateExclusive { path: LOCK, verifier: token(by) }
}

fn stat(path: Path) -> Request {
    Request::Stat { path, revalidate: false }
}

fn read(path: Path) -> Request {
    Request::Read { path, at: 0 }
}

fn flock(number: u8, wait: bool) -> Request {
    Request::Flock { file: Inode { number, generation: None }, wait }
}

fn check(files: &Stepped<Files>, expected: Expect) {
    expected.assert_eq(files.log());
}

#[test]
fn an_exclusive_create_fails_if_the_file_exists_unless_it_is_the_same_one_sent_again() {
    // open(2), O_EXCL; RFC 1813, section 3.3.8: the verifier tells a retransmission.
    let mut files = Stepped::new(Files::new(SYNC));
    files.ask(A, exclusive(A));
    files.ask(B, exclusive(B));
    files.ask(A, exclusive(A));
    let file = Inode { number: 0, generation: Some(token(A)) };
    files.ask(A, Request::Write { file, line: Line::Token(token(A)) });
    files.ask(A, exclusive(A));
    files.ask(B, Request::Create(LOCK));
    files.ask(B, read(LOCK));
    check(
        &files,
        expect![[r#"
        A> open O_CREAT|O_EXCL /lock verifier tokenA1
            A< inode0
        B> open O_CREAT|O_EXCL /lock verifier tokenB1
            B< EEXIST
        A> open O_CREAT|O_EXCL /lock verifier tokenA1
            A< inode0
        A> write inode0 tokenA1
            A< 0
        A> open O_CREAT|O_EXCL /lock verifier tokenA1
            A< EEXIST
        B> open O_CREAT|O_TRUNC /lock
            B< inode0
        B> read /lock line 0
            B< end of file
    "#]],
    );
}

#[test]
fn a_link_that_is_sent_again_fails_although_it_was_made() {
    // link(2), BUGS: over NFS the return code may be wrong; stat tells by the number of links.
    let mut files = Stepped::new(Files::new(SYNC));
    files.ask(A, Request::Append { path: OTHER, line: Line::Token(token(A)) });
    files.ask(A, Request::Link { from: OTHER, to: LOCK });
    files.ask(A, Request::Link { from: OTHER, to: LOCK });
    files.ask(A, stat(OTHER));
    files.ask(A, read(LOCK));
    // symlink(2): there at once, with what it says; EEXIST the second time.
    files.ask(A, Request::Symlink { target: token(A), path: Path::named("symlink") });
    files.ask(A, Request::Symlink { target: token(A), path: Path::named("symlink") });
    files.ask(B, read(Path::named("symlink")));
    check(
        &files,
        expect![[r#"
        A> append /other tokenA1
            A< 0
        A> link /other /lock
            A< 0
        A> link /other /lock
            A< EEXIST
        A> stat /other
            A< inode0 links 2
        A> read /lock line 0
            A< tokenA1
        A> symlink tokenA1 /symlink
            A< 0
        A> symlink tokenA1 /symlink
            A< EEXIST
        B> read /symlink line 0
            B< tokenA1
    "#]],
    );
}

#[test]
fn rename_replaces_and_does_nothing_between_two_names_of_one_file() {
    // rename(2): newpath is atomically replaced; hard links to the same file: nothing, and success.
    let mut files = Stepped::new(Files::new(SYNC));
    files.ask(A, Request::Symlink { target: token(A), path: LOCK });
    files.ask(B, Request::Symlink { target: token(B), path: OTHER });
    files.ask(B, Request::Rename { from: OTHER, to: LOCK });
    files.ask(C, read(LOCK));
    files.ask(C, read(OTHER));
    files.ask(B, Request::Link { from: LOCK, to: OTHER });
    files.ask(B, Request::Rename { from: LOCK, to: OTHER });
    files.ask(C, stat(LOCK));
    files.ask(B, Request::Rename { from: Path::named("none"), to: OTHER });
    check(
        &files,
        expect![[r#"
        A> symlink tokenA1 /lock
            A< 0
        B> symlink tokenB1 /other
            B< 0
        B> rename /other /lock
            (lets B dispose of A's lock)
            (disposes of B's own lock)
            B< 0
        C> read /lock line 0
            C< tokenB1
        C> read /other line 0
            C< ENOENT
        B> link /lock /other
            B< 0
        B> rename /lock /other
            B< 0
        C> stat /lock
            C< inode1 links 2
        B> rename /none /other
            B< ENOENT
    "#]],
    );
}

#[test]
fn unlink_removes_by_name_whoever_asks_and_rmdir_only_directories() {
    // unlink(2): EISDIR; rmdir(2): ENOTDIR; mkdir(2): EEXIST.
    let mut files = Stepped::new(Files::new(SYNC));
    files.ask(A, Request::Symlink { target: token(A), path: LOCK });
    files.ask(B, Request::Unlink(LOCK));
    files.ask(A, Request::Unlink(LOCK));
    files.ask(A, Request::Mkdir(LOCK));
    files.ask(B, Request::Mkdir(LOCK));
    files.ask(B, Request::Unlink(LOCK));
    files.ask(B, Request::Rmdir(LOCK));
    check(
        &files,
        expect![[r#"
        A> symlink tokenA1 /lock
            A< 0
        B> unlink /lock
            (lets B dispose of A's lock)
            B< 0
        A> unlink /lock
            A< ENOENT
        A> mkdir /lock
            A< 0
        B> mkdir /lock
            B< EEXIST
        B> unlink /lock
            B< EISDIR/ENOTDIR
        B> rmdir /lock
            (lets B dispose of A's lock)
            B< 0
    "#]],
    );
}

#[test]
fn a_kernel_lock_ends_with_its_open_file_at_the_latest_with_the_connection() {
    // flock(2): LOCK_EX, LOCK_NB, and the release when the open file is closed.
    let mut files = Stepped::new(Files::new(SYNC));
    for peer in [A, B, C] {
        files.ask(peer, Request::Open(LOCK));
    }
    files.ask(A, flock(0, true));
    files.ask(B, flock(0, false));
    files.ask(B, flock(0, true));
    files.ask(C, flock(0, true));
    files.end(A);
    files.ask(B, Request::Close(Inode { number: 0, generation: None }));
    files.ask(B, Request::Funlock(Inode { number: 0, generation: None }));
    check(
        &files,
        expect![[r#"
        A> open O_CREAT /lock
            A< inode0
        B> open O_CREAT /lock
            B< inode0
        C> open O_CREAT /lock
            C< inode0
        A> flock inode0 LOCK_EX
            A< locked
        B> flock inode0 LOCK_EX|LOCK_NB
            B< EWOULDBLOCK
        B> flock inode0 LOCK_EX
        C> flock inode0 LOCK_EX
        -- the connection to A ends
            B< locked
        B> close inode0
            (disposes of B's own lock)
            B< 0
            C< locked
        B> flock inode0 LOCK_UN
            B< EBADF
    "#]],
    );
}

#[test]
fn a_file_that_is_unlinked_and_created_anew_splits_the_lockers() {
    // flock(2): the lock is associated with the open file, not with a name.
    let mut files = Stepped::new(Files::new(SYNC));
    files.ask(A, Request::Open(LOCK));
    files.ask(A, flock(0, true));
    files.ask(A, Request::Unlink(LOCK));
    files.ask(B, Request::Open(LOCK));
    files.ask(B, flock(1, true));
    files.ask(A, stat(LOCK));
    check(
        &files,
        expect![[r#"
        A> open O_CREAT /lock
            A< inode0
        A> flock inode0 LOCK_EX
            A< locked
        A> unlink /lock
            A< 0
        B> open O_CREAT /lock
            B< inode1
        B> flock inode1 LOCK_EX
            B< locked
        A> stat /lock
            A< inode1 links 1
    "#]],
    );
}

#[test]
fn after_a_restart_no_lock_is_given_for_the_grace_period() {
    // RFC 8881, section 8.4.2.
    let mut files = Stepped::new(Files::new(SYNC));
    files.ask(A, Request::Open(LOCK));
    files.ask(A, flock(0, true));
    files.crash(Span::ms(1));
    files.ask(B, Request::Open(LOCK));
    files.ask(B, flock(0, false));
    files.ask(B, flock(0, true));
    files.pass(Span::ms(3));
    check(
        &files,
        expect![[r#"
        A> open O_CREAT /lock
            A< inode0
        A> flock inode0 LOCK_EX
            A< locked
        -- crashes, and runs again after 1 ms
        B> open O_CREAT /lock
            B< inode0
        B> flock inode0 LOCK_EX|LOCK_NB
            B< EWOULDBLOCK
        B> flock inode0 LOCK_EX
        -- 3 ms pass
            B< locked
    "#]],
    );
}

#[test]
fn a_client_may_be_told_from_its_own_cache_that_there_is_or_is_no_such_file() {
    // nfs(5), "Directory entry caching" and close-to-open cache consistency.
    let mut files = Stepped::new(Files::new(Settings { cache: Some(Span::ms(5)), ..SYNC }));
    files.ask(B, stat(LOCK));
    files.ask(A, Request::Create(LOCK));
    files.ask(B, stat(LOCK));
    files.ask(B, Request::Stat { path: LOCK, revalidate: true });
    files.ask(A, Request::Unlink(LOCK));
    files.ask(A, stat(LOCK));
    files.ask(B, stat(LOCK));
    files.pass(Span::ms(5));
    files.ask(B, stat(LOCK));
    check(
        &files,
        expect![[r#"
        B> stat /lock
            B< ENOENT
        A> open O_CREAT|O_TRUNC /lock
            A< inode0
        B> stat /lock
            B< ENOENT
        B> open, fstat /lock
            B< inode0 links 1
        A> unlink /lock
            (disposes of A's own lock)
            A< 0
        A> stat /lock
            A< ENOENT
        B> stat /lock
            B< inode0 links 1
        -- 5 ms pass
        B> stat /lock
            B< ENOENT
    "#]],
    );
}

#[test]
fn a_file_grows_old_unless_it_is_written_to_and_who_removes_an_old_one_ends_no_grant() {
    // stat(2), st_mtime, on the server's clock.
    let mut files = Stepped::new(Files::new(Settings { age: Some(Span::ms(5)), ..SYNC }));
    files.ask(A, Request::Symlink { target: token(A), path: LOCK });
    files.pass(Span::ms(4));
    files.ask(
        A,
        Request::Write { file: Inode { number: 0, generation: None }, line: Line::Token(token(A)) },
    );
    files.pass(Span::ms(4));
    files.ask(B, stat(LOCK));
    files.crash(Span::ms(1));
    files.ask(B, stat(LOCK));
    files.ask(B, Request::Unlink(LOCK));
    check(
        &files,
        expect![[r#"
        A> symlink tokenA1 /lock
            A< 0
        -- 4 ms pass
        A> write inode0 tokenA1
            A< 0
        -- 4 ms pass
        B> stat /lock
            B< inode0 links 1
        -- crashes, and runs again after 1 ms
        B> stat /lock
            B< inode0 links 1 old
        B> unlink /lock
            B< 0
    "#]],
    );
}

#[test]
fn the_handle_of_a_file_that_is_no_more_is_stale() {
    // RFC 1813, NFS3ERR_STALE; fsync(2) and exports(5), async: what was not synced is lost.
    let mut files = Stepped::new(Files::new(Settings { sync_every: Some(Span::ms(9)), ..SYNC }));
    files.ask(A, exclusive(A));
    files.ask(A, Request::Fsync);
    files.ask(A, Request::Unlink(LOCK));
    files.ask(B, exclusive(B));
    files.crash(Span::ms(1));
    files.ask(
        B,
        Request::Write {
            file: Inode { number: 1, generation: Some(token(B)) },
            line: Line::Token(token(B)),
        },
    );
    files.ask(B, stat(LOCK));
    check(
        &files,
        expect![[r#"
            A> open O_CREAT|O_EXCL /lock verifier tokenA1
                A< inode0
            A> fsync
                A< 0
            A> unlink /lock
                (disposes of A's own lock)
                A< 0
            B> open O_CREAT|O_EXCL /lock verifier tokenB1
                B< inode1
            -- crashes, and runs again after 1 ms
            B> write inode1 tokenB1
                B< ESTALE
            B> stat /lock
                B< inode0 links 1
        "#]],
    );
}

#[test]
fn a_spool_directory_is_listed_in_order_and_appended_files_are_read_line_by_line() {
    // readdir(3) gives no order; here it is that of names, which readers would have to sort.
    let mut files = Stepped::new(Files::new(SYNC));
    let item = |number| Line::Item(Item { producer: NodeId::Client(0), number });
    for number in [2, 1] {
        let path = Path::within("new", Name::Number(number));
        files.ask(A, Request::Append { path, line: item(number as u16) });
    }
    files.ask(B, Request::Next { directory: "new", after: None });
    files.ask(B, Request::Next { directory: "new", after: Some(Name::Number(1)) });
    files.ask(B, Request::Next { directory: "new", after: Some(Name::Number(2)) });
    let log = Path::named("log");
    files.ask(A, Request::Append { path: log, line: item(0) });
    files.ask(A, Request::Append { path: log, line: item(1) });
    files.ask(B, Request::Read { path: log, at: 1 });
    files.ask(B, Request::Read { path: log, at: 2 });
    check(
        &files,
        expect![[r#"
        A> append new/2 itemA3
            A< 0
        A> append new/1 itemA2
            A< 0
        B> readdir new/
            B< 1
        B> readdir new/ after 1
            B< 2
        B> readdir new/ after 2
            B< ENOENT
        A> append /log itemA1
            A< 0
        A> append /log itemA2
            A< 0
        B> read /log line 1
            B< itemA2
        B> read /log line 2
            B< end of file
    "#]],
    );
}

#[test]
fn a_claim_that_is_renamed_is_young_again_but_not_one_renamed_to_its_own_name() {
    // rename(2): two names of one file, nothing is done; inode(7): st_ctime is the last status change.
    let queue = |name| Path::within("queue", name);
    let item = Item { producer: A.node, number: 0 };
    let (free, own, other) = (
        queue(Name::Item(item)),
        queue(Name::Claim(item, token(A))),
        queue(Name::Claim(item, token(B))),
    );
    let settings = Settings { age: Some(Span::ms(2)), by_change: true, ..SYNC };
    let mut files = Stepped::new(Files::new(settings));
    files.ask(A, Request::Put { path: free, line: Line::Item(item) });
    files.ask(A, Request::Rename { from: free, to: own });
    files.pass(Span::ms(2));
    files.ask(A, Request::Rename { from: own, to: own });
    files.ask(B, stat(own));
    files.ask(B, Request::Rename { from: own, to: other });
    files.ask(B, stat(other));
    files.ask(A, Request::Unlink(own));
    check(
        &files,
        expect![[r#"
        A> put queue/itemA1 itemA1
            A< 0
        A> rename queue/itemA1 queue/itemA1.tokenA1
            A< 0
        -- 2 ms pass
        A> rename queue/itemA1.tokenA1 queue/itemA1.tokenA1
            A< 0
        B> stat queue/itemA1.tokenA1
            B< inode0 links 1 old
        B> rename queue/itemA1.tokenA1 queue/itemA1.tokenB1
            B< 0
        B> stat queue/itemA1.tokenB1
            B< inode0 links 1
        A> unlink queue/itemA1.tokenA1
            A< ENOENT
    "#]],
    );
}
