//! What simulated runs mean to the documents' applications.

use std::fs;
use std::path::Path;

use expect_test::expect;
use serde_json::Value;

use crate::bench::{Bench, names};

/// A bench with the scenario of this application, one of those that come with the project.
fn bench(application: &str, test: &str) -> Bench {
    let bench = Bench::new(test);
    let file = format!("{application}.toml");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/scenarios");
    bench.file(&file, &fs::read_to_string(folder.join(&file)).unwrap());
    bench
}

/// The record of these seeds of the scenario on the bench.
fn record(bench: &Bench, application: &str, algorithm: &str, seeds: u64) -> Value {
    let line =
        format!("simulate {algorithm} --seeds {seeds} --scenario {application}.toml --format json");
    let record = bench.json(&line, 0);
    let outcomes = &record["metrics"]["application"];
    assert_eq!(names(outcomes), [application], "only what was asked about is told");
    record
}

/// A figure of the application that the record is about.
fn figure(record: &Value, path: &str) -> u64 {
    let outcomes = record["metrics"]["application"].as_object().unwrap();
    let outcome = outcomes.values().next().unwrap();
    let value = outcome.pointer(path).unwrap_or_else(|| panic!("{path} is missing: {outcome}"));
    value.as_u64().unwrap()
}

/// In how many seeds this property was violated.
fn violated(record: &Value, property: &str) -> u64 {
    let violations = record["violations"].as_array().unwrap();
    violations.iter().filter(|violation| violation["property"] == property).count() as u64
}

#[test]
fn a_flash_sale_oversells_behind_a_lock_that_expires_and_not_behind_a_fence() {
    let bench = bench("inventory", "applications-inventory");
    let plain = record(&bench, "inventory", "redis-set-nx", 1_000);
    let fenced = record(&bench, "inventory", "redis-lock-fenced", 1_000);
    assert!(figure(&plain, "/oversold") > 0);
    assert!(figure(&plain, "/oversold_seeds") <= violated(&plain, "Fencing"));
    assert_eq!((figure(&fenced, "/oversold"), figure(&fenced, "/oversold_seeds")), (0, 0));
    assert!(figure(&fenced, "/sold") > 10_000);
    assert!(violated(&fenced, "MutualExclusion") > 0, "the fence saved what the lease did not");
    // Overwriting whoever holds needs no fault.
    let careless = record(&bench, "inventory", "cache-set", 100);
    assert!(figure(&careless, "/oversold") > figure(&plain, "/oversold"));
}

#[test]
fn a_fence_whose_tokens_go_back_with_a_failover_oversells_as_well() {
    let bench = Bench::new("applications-failover");
    let line = "simulate redis-lock-fenced --seeds 500 --environment failover --format json";
    let inventory = &bench.json(line, 0)["metrics"]["application"]["inventory"];
    assert!(inventory["oversold"].as_u64().unwrap() > 0, "{inventory}");
}

#[test]
fn a_unit_is_sold_to_two_where_holds_are_mixed() {
    let bench = bench("cart", "applications-cart");
    let plain = record(&bench, "cart", "redis-set-nx", 1_000);
    let fenced = record(&bench, "cart", "redis-lock-fenced", 1_000);
    let seeds = figure(&plain, "/sold_to_two_seeds");
    assert!(0 < seeds && seeds <= violated(&plain, "Fencing"));
    assert_eq!(figure(&fenced, "/sold_to_two"), 0);
}

#[test]
fn payments_are_repeated_or_forgotten_only_where_the_judges_see_it() {
    let bench = bench("orders", "applications-orders");
    for (algorithm, sound) in [("redis-blocking-list", false), ("redis-reliable-list", true)] {
        let record = record(&bench, "orders", algorithm, 500);
        let twice = figure(&record, "/paid_twice_seeds");
        let never = figure(&record, "/never_paid_seeds");
        // Every fifth item is a payment.
        assert!(twice <= violated(&record, "AtMostOnce"), "{algorithm}");
        assert!(never <= violated(&record, "AtLeastOnce"), "{algorithm}");
        assert_eq!((twice == 0, never == 0), (sound, sound), "{algorithm}");
        assert_eq!((twice, never), if sound { (0, 0) } else { (9, 45) }, "{algorithm}");
    }
}

#[test]
fn an_idempotency_key_mends_repetition_and_neither_loss_nor_all_disorder() {
    let bench = bench("tasks", "applications-tasks");
    let [reliable, blocking] = ["redis-reliable-list", "redis-blocking-list"]
        .map(|algorithm| record(&bench, "tasks", algorithm, 500));
    for record in [&reliable, &blocking] {
        assert!(figure(record, "/without_key/applied_twice") > 0);
        assert_eq!(figure(record, "/with_key/applied_twice"), 0);
        let disorder = |key| figure(record, &format!("/{key}/out_of_order"));
        assert!(disorder("with_key") < disorder("without_key"));
    }
    for record in [&reliable, &blocking] {
        assert_eq!(figure(record, "/never_ran_seeds"), violated(record, "AtLeastOnce"));
    }
    assert_eq!(figure(&reliable, "/never_ran"), 0);
    assert!(figure(&blocking, "/never_ran") > 0);
}

#[test]
fn without_an_application_all_that_fit_are_told_in_a_line_for_each_harm() {
    let bench = Bench::new("applications-all");
    let of = |algorithm: &str| {
        let text = bench.text(&format!("simulate {algorithm} --seeds 20 --environment calm"), 0);
        let told = |line: &&str| {
            ["inventory", "cart", "orders", "tasks"]
                .iter()
                .any(|name| line.starts_with(&format!("{name}: ")))
        };
        text.lines().filter(told).map(|line| format!("{line}\n")).collect::<String>()
    };
    expect![[r#"
        inventory: 0 units oversold in 0 of 20 seeds
        cart: 0 units sold to two users in 0 of 20 seeds
    "#]]
    .assert_eq(&of("redis-lock"));
    expect![[r#"
        orders: 0 payments made twice in 0 of 20 seeds
        orders: 0 payments never made although acknowledged in 0 of 20 seeds
        orders: 3 orders shipped unpaid, or the like, in 3 of 20 seeds
        orders: 3 orders never ended if steps out of turn are refused in 3 of 20 seeds
        tasks: 0 tasks never run although acknowledged in 0 of 20 seeds
        tasks: 0 tasks applied twice without an idempotency key in 0 of 20 seeds
        tasks: 0 tasks applied twice with one in 0 of 20 seeds
        tasks: 9 tasks run out of their producer's order without an idempotency key in 7 of 20 seeds
        tasks: 9 tasks run out of their producer's order with one in 7 of 20 seeds
    "#]]
    .assert_eq(&of("redis-reliable-list"));
    let record = bench.json("simulate redis-lock --seeds 1 --format json", 0);
    assert_eq!(names(&record["metrics"]["application"]), ["cart", "inventory"]);
    let record = bench.json("simulate redis-reliable-list --seeds 1 --format json", 0);
    assert_eq!(names(&record["metrics"]["application"]), ["orders", "tasks"]);
}

#[test]
fn asking_changes_no_run() {
    let bench = bench("cart", "applications-digest");
    let asked = record(&bench, "cart", "redis-set-nx", 50);
    let text = fs::read_to_string(bench.folder.join("cart.toml")).unwrap();
    bench.file("nothing.toml", &text.replace("application = \"cart\"\n", ""));
    let line = "simulate redis-set-nx --seeds 50 --scenario nothing.toml --format json";
    let unasked = bench.json(line, 0);
    assert_eq!(asked["digest"], unasked["digest"]);
    assert_eq!(
        asked["violations"].as_array().map(Vec::len),
        unasked["violations"].as_array().map(Vec::len)
    );
}

#[test]
fn an_application_that_cannot_be_asked_about_is_named_by_file_line_and_key() {
    let bench = Bench::new("applications-refused");
    let lock = "[workload]\nlockers = 2\noperations = 1\n";
    let queue = "[workload]\nproducers = 1\nconsumers = 1\noperations = 1\n";
    let refuses = |file: &str, algorithm: &str, text: &str, expected: &expect_test::Expect| {
        bench.file(file, &format!("version = 1\nalgorithm = \"\"\n{text}"));
        bench.refuses(&format!("simulate {algorithm} --seeds 1 --scenario {file}"), expected);
    };
    refuses(
        "name.toml",
        "redis-lock",
        &format!("application = \"wagon\"\n{lock}"),
        &expect![[r#"
            contend: name.toml:3: application: there is no kind `wagon` here; known are: inventory, cart, orders, tasks
        "#]],
    );
    refuses(
        "near.toml",
        "redis-lock",
        &format!("application = \"carts\"\n{lock}"),
        &expect![[r#"
            contend: near.toml:3: application: there is no kind `carts` here; did you mean `cart`?
        "#]],
    );
    refuses(
        "number.toml",
        "redis-lock",
        &format!("application = 3\n{lock}"),
        &expect![[r#"
        contend: number.toml:3: application: invalid type: integer `3`; write "inventory", "cart", "orders" or "tasks"
    "#]],
    );
    refuses(
        "kind.toml",
        "redis-reliable-list",
        &format!("application = \"inventory\"\n{queue}"),
        &expect![[r#"
            contend: kind.toml:3: application: inventory relies on a lock, but the workload is for a queue; name orders or tasks, or change the workload
        "#]],
    );
    refuses(
        "other.toml",
        "redis-lock",
        &format!("application = \"tasks\"\n{lock}"),
        &expect![[r#"
            contend: other.toml:3: application: tasks relies on a queue, but the workload is for a lock; name inventory or cart, or change the workload
        "#]],
    );
    refuses(
        "none.toml",
        "redis-lock",
        &format!("[application.inventory]\nstock = 0\n{lock}"),
        &expect![[r#"
            contend: none.toml:4: application.inventory.stock: there is nothing to sell; write at least 1
        "#]],
    );
    refuses(
        "key.toml",
        "redis-lock",
        &format!("[application.inventory]\nstok = 3\n{lock}"),
        &expect![[r#"
            contend: key.toml:4: application.inventory.stok: there is no key `stok` here; did you mean `stock`?
        "#]],
    );
    refuses(
        "two.toml",
        "redis-lock",
        &format!("[application]\ncart = {{}}\ninventory = {{}}\n{lock}"),
        &expect![[r#"
            contend: two.toml:3: application: several applications are named; write one
        "#]],
    );
}
