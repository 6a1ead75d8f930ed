//! What reports look like and what they must not do.

mod synthetic;

use contend_model::run::Comparison;
use expect_test::expect_file;
use synthetic::{comparison, wide};

#[test]
fn the_markdown_of_a_small_comparison_reads_as_it_did() {
    expect_file!["golden/report.md"].assert_eq(&contend_reports::markdown(&comparison()));
}

#[test]
fn the_terminal_tables_of_a_small_comparison_look_as_they_did() {
    let comparison = comparison();
    let Comparison { cards, rows, simulations, .. } = &comparison;
    let text = [
        contend_reports::terminal::overview(&comparison),
        contend_reports::terminal::costs(&comparison),
        contend_reports::terminal::harms_compared(&comparison),
        contend_reports::terminal::list(cards),
        contend_reports::terminal::verdicts(cards, rows),
        contend_reports::terminal::metrics(simulations),
    ]
    .join("\n");
    let trimmed: Vec<&str> = text.lines().map(str::trim_end).collect();
    expect_file!["golden/terminal.txt"].assert_eq(&(trimmed.join("\n") + "\n"));
}

#[test]
fn the_page_loads_nothing_from_anywhere() {
    let html = contend_reports::html(&comparison());
    for forbidden in ["http:", "https:", "url(", "@import", "src=", "<link", "<iframe", "//cdn"] {
        assert!(!html.contains(forbidden), "the page contains {forbidden}");
    }
    for reference in values_of(&html, "href") {
        assert!(reference.starts_with('#'), "{reference} leads out of the page");
    }
}

#[test]
fn every_reference_leads_to_an_anchor_that_exists_once() {
    let html = contend_reports::html(&comparison());
    let ids = values_of(&html, "id");
    for (place, id) in ids.iter().enumerate() {
        assert!(!ids[..place].contains(id), "{id} is there twice");
    }
    for reference in values_of(&html, "href") {
        assert!(ids.contains(&&reference[1..]), "{reference} leads nowhere");
    }
    let violated = html.matches("✘<small>").count();
    assert_eq!(violated, 4, "each violated verdict links to its counterexample");
    assert_eq!(
        html.matches(r#"<svg class="diagram"#).count(),
        3,
        "an algorithm's story is drawn once"
    );
}

#[test]
fn the_page_is_well_formed() {
    let html = contend_reports::html(&comparison());
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html.split_once("<html").expect("there is a root element").1;
    let mut raw = None;
    while let Some((_, tail)) = rest.split_once('<') {
        if let Some(name) = raw {
            let end = format!("</{name}>");
            let (_, after) = rest.split_once(end.as_str()).expect("raw text ends");
            assert_eq!(open.pop(), Some(name));
            (raw, rest) = (None, after);
            continue;
        }
        let (tag, after) = tail.split_once('>').expect("every tag ends");
        let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().expect("a name");
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "<{tag}> is no tag");
        if tag.starts_with('/') {
            if name != "html" {
                assert_eq!(open.pop(), Some(name), "</{name}> closes another element");
            }
        } else if !tag.ends_with('/') {
            open.push(name);
            raw = ["style", "script"].into_iter().find(|raw| *raw == name);
        }
        rest = after;
    }
    assert!(open.is_empty(), "never closed: {open:?}");
}

#[test]
fn text_from_cards_is_escaped() {
    let html = contend_reports::html(&comparison());
    assert!(html.contains("SET &lt;if&gt; nothing") && !html.contains("<if>"));
}

#[test]
fn a_page_about_seventy_five_algorithms_stays_below_five_megabytes() {
    let wide = wide();
    let html = contend_reports::html(&wide);
    assert!(html.len() < 5_000_000, "{} bytes", html.len());
    // Whoever wants to look at it.
    if let Some(folder) = std::env::var_os("KEEP_REPORT") {
        contend_reports::write(&wide, folder.as_ref()).expect("the folder is writable");
    }
    let names: Vec<&str> = wide.cards.iter().map(|card| card.name.as_str()).collect();
    for name in &names {
        let lines = html.matches(&format!(r#"<tr data-a="{name}" data-kind="#)).count();
        assert_eq!(lines, 1, "the filters read off the overview what {name} is");
    }
    for name in values_of(&html, "data-a") {
        assert!(names.contains(&name), "no filter can reach {name}");
    }
}

#[test]
fn runs_in_which_nobody_fails_stand_beside_those_under_faults() {
    let (both, mut faulty) = (comparison(), comparison());
    faulty.calm.clear();
    let row = |comparison: &Comparison| {
        let markdown = contend_reports::markdown(comparison);
        let costs = markdown.split_once("## What a lock costs").expect("locks were simulated").1;
        let line = costs.lines().find(|line| line.starts_with("| `token-lock`"));
        line.expect("it was simulated").split(" | ").map(str::to_owned).collect::<Vec<_>>()
    };
    // Acquired, then quantiles when nobody fails; those under faults come after ten figures.
    assert_eq!(row(&both)[1..5], ["16", "4.00", "6.00", "6.00"]);
    assert_eq!(row(&both)[11..13], ["8.00", "10.0"]);
    assert_eq!(row(&faulty)[1..5], ["–"; 4]);
    assert_eq!(row(&faulty)[11..13], ["8.00", "10.0"]);
}

#[test]
fn what_runs_meant_to_programs_stands_in_the_report() {
    let wide = wide();
    let markdown = contend_reports::markdown(&wide);
    let row = |title: &str, name: &str| {
        let table = markdown.split_once(title).expect("it was simulated").1;
        let start = format!("| `{name}`");
        let line = table.lines().find(|line| line.starts_with(&start));
        line.expect("it was simulated").split(" | ").map(str::to_owned).collect::<Vec<_>>()
    };
    // In one of forty seeds one of four sales is lost: four seeds times four acquisitions.
    let lock = row("## What it means to an application: locks", &wide.cards[0].name);
    assert_eq!(lock[1..], ["160", "6,250 (1)", "6,250 (1) |"]);
    // In every seed the first of two is paid twice, and before it was created, and the second never; a key mends
    // the first, and no order was placed in full.
    let queue = row("## What it means to an application: queues", &wide.cards[74].name);
    let always = "500,000 (40)";
    assert_eq!(queue[1..], ["80", always, always, always, "0", always, always, "0", "0", "0 |"]);
    let html = contend_reports::html(&wide);
    for said in ["inventory: 1 unit oversold in 1 of 40 seeds", "orders: 40 payments made twice"] {
        assert!(html.contains(said), "{said}");
    }
}

#[test]
fn a_record_that_does_not_say_what_runs_meant_is_shown_with_dashes() {
    let mut old: serde_json::Value = serde_json::from_str(&comparison().to_json()).unwrap();
    for simulation in old["simulations"].as_array_mut().unwrap() {
        simulation["metrics"].as_object_mut().unwrap().remove("application");
    }
    let old = Comparison::from_json("report.json", &old.to_string()).unwrap();
    let markdown = contend_reports::markdown(&old);
    assert!(markdown.contains("| `token-lock` | 16 | – | – |"), "{markdown}");
    assert!(contend_reports::html(&old).contains("the record does not say"));
}

#[test]
fn a_report_of_work_that_was_stopped_says_so() {
    let said = "The work was stopped before its end";
    let stopped = Comparison { partial: true, ..comparison() };
    for text in [contend_reports::html(&stopped), contend_reports::markdown(&stopped)] {
        assert!(text.contains(said));
    }
    assert!(!contend_reports::html(&comparison()).contains(said));
}

#[test]
fn an_empty_comparison_still_makes_a_page() {
    let mut empty = comparison();
    empty.cards.clear();
    empty.rows.clear();
    empty.calm.clear();
    empty.simulations.clear();
    assert!(contend_reports::html(&empty).contains("Nothing was simulated"));
    assert!(contend_reports::markdown(&empty).starts_with("# Distributed locks"));
}

#[test]
fn the_files_appear_whole_and_the_json_comes_back() {
    let folder = std::env::temp_dir().join(format!("contend-report-{}", std::process::id()));
    let comparison = comparison();
    let written = contend_reports::write(&comparison, &folder).expect("the folder is writable");
    let json = std::fs::read_to_string(&written.json).expect("it was written");
    assert_eq!(Comparison::from_json("report.json", &json), Ok(comparison.clone()));
    let files = std::fs::read_dir(&folder).expect("the folder is there").count();
    assert_eq!(files, 3, "nothing half-written is left");
    // A file where the folder should be.
    let error = contend_reports::write(&comparison, &written.json).expect_err("no folder");
    assert!(error.to_string().contains("report.json: the report cannot be written"), "{error}");
    std::fs::remove_dir_all(&folder).expect("it is ours");
}

/// The values of all attributes of this name.
fn values_of<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    let parts = html.split(start.as_str()).skip(1);
    parts.map(|part| part.split_once('"').expect("attributes are quoted").0).collect()
}
