//! Whatever satisfies a schema of a description is read by its generated type and written back unchanged.
//!
//! Values are made from the descriptions as imported (with the overlays, before the generator touches them), an
//! independent validator confirms that they satisfy their schema, and each goes through the generated type.

mod generator;
mod hostile;
mod judge;
mod places;
#[cfg(feature = "schemars")]
mod schemas;
mod shape;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use crate::typed::{self, Row};
use generator::{Generator, MODES, Mode};
use qlik_codegen::Input;
use serde_json::Value;

/// Schemas that nothing can satisfy: `InviteErrorItem` tells its `code` as text after its base told it as an integer.
const CONTRADICTORY: &[&str] = &["rest/users schema InviteErrorItem"];

/// What was tried, and what went wrong.
#[derive(Default)]
struct Report {
    schemas: usize,
    instances: usize,
    /// Values that the judge refused: the generator's fault, and not tried.
    refused: usize,
    failures: Vec<String>,
}

impl Report {
    fn add(&mut self, other: Report) {
        self.schemas += other.schemas;
        self.instances += other.instances;
        self.refused += other.refused;
        self.failures.extend(other.failures);
    }

    fn finish(mut self, what: &str) {
        println!(
            "{what}: {} schemas, {} instances read and written, {} refused by the judge",
            self.schemas, self.instances, self.refused
        );
        let count = self.failures.len();
        self.failures.truncate(40);
        assert!(count == 0, "{count} failures, the first of them:\n{}", self.failures.join("\n"));
    }
}

fn input() -> Input {
    Input::new(concat!(env!("CARGO_MANIFEST_DIR"), "/specs"))
}

/// Calls `work` with each description and its rows, on all cores.
fn each_document(work: impl Fn(&Value, &[&'static Row]) -> Report + Sync, what: &str) {
    let mut documents: BTreeMap<&str, Vec<&'static Row>> = BTreeMap::new();
    for row in typed::rows() {
        documents.entry(row.document).or_default().push(row);
    }
    let input = input();
    let report = Mutex::new(Report::default());
    let next = Mutex::new(documents.iter());
    let take = || next.lock().unwrap().next();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((name, rows)) = take() {
                    let found = work(&places::description(&input, name), rows);
                    report.lock().unwrap().add(found);
                }
            });
        }
    });
    report.into_inner().unwrap().finish(what);
}

/// Instances of a schema, those that the judge confirms, with what each is to show.
fn instances(row: &Row, root: &Value, schema: &Value) -> Result<(Vec<(Mode, Value)>, usize), String> {
    let judge = judge::judge(root, schema)?;
    let mut generator = Generator::new(root);
    let mut made: Vec<(Mode, Value)> = MODES.iter().map(|mode| (*mode, generator.one(schema, *mode))).collect();
    for _ in 0..rounds(row) {
        if !generator.has_more() {
            break;
        }
        made.push((Mode::Full, generator.one(schema, Mode::Full)));
    }
    let contradictory = CONTRADICTORY.contains(&row.to_string().as_str());
    let all = made.len();
    if contradictory {
        return Ok((made, 0));
    }
    made.retain(|(_, value)| judge.is_valid(value));
    if made.is_empty() {
        let value = generator.one(schema, Mode::Full);
        let why = judge.iter_errors(&value).next().map(|error| format!("{error} at {}", error.instance_path()));
        return Err(format!("no instance satisfies the schema: {}", why.unwrap_or_default()));
    }
    let refused = all - made.len();
    Ok((made, refused))
}

/// Rounds of choices for the schema itself; where it is merely used, a few are enough.
fn rounds(row: &Row) -> usize {
    if row.place == "schema" { 80 } else { 4 }
}

#[test]
fn instances_come_back_unchanged() {
    each_document(
        |root, rows| {
            let mut report = Report::default();
            for row in rows {
                for schema in places::schemas(root, row) {
                    report.schemas += 1;
                    match instances(row, root, schema) {
                        Err(why) => report.failures.push(format!("{row}: {why}")),
                        Ok((made, refused)) => {
                            report.refused += refused;
                            report.instances += made.len();
                            report
                                .failures
                                .extend(made.iter().filter_map(|(mode, value)| unharmed(row, *mode, value).err()));
                        }
                    }
                }
            }
            report
        },
        "instances",
    );
}

/// The value comes back as it went in, and every enum and union in it was recognized.
fn unharmed(row: &Row, mode: Mode, value: &Value) -> Result<(), String> {
    let json = value.to_string();
    let start: String = json.chars().take(300).collect();
    let read = row.keeps(&json).map_err(|why| format!("{row} ({mode:?}) {why}\n    {start}"))?;
    match read.shown.find("Unrecognized(") {
        Some(at) if mode == Mode::Full => {
            let near: String = read.shown[at..].chars().take(120).collect();
            Err(format!("{row} ({mode:?}) holds what no type took: {near}\n    {start}"))
        }
        _ => Ok(()),
    }
}

/// Every place that carries JSON has a type, and every type has a place.
#[test]
fn no_place_is_left_out() {
    each_document(
        |root, rows| {
            let mut report = Report::default();
            let placed: BTreeSet<(&str, &str)> = rows.iter().map(|row| (row.place, row.part)).collect();
            for row in rows.iter().filter(|row| row.place != "schema" && places::schemas(root, row).is_empty()) {
                report.failures.push(format!("{row}: the description has no such place"));
            }
            for (path, item) in root["paths"].as_object().into_iter().flatten() {
                for (verb, operation) in item.as_object().into_iter().flatten() {
                    let place = format!("{} {path}", verb.to_uppercase());
                    let typed = placed.contains(&(place.as_str(), "answer"));
                    if !places::answers(root, operation).is_empty() && !typed {
                        report.failures.push(format!("{place}: answers with JSON, but has no type"));
                    }
                    report.schemas += 1;
                }
            }
            report
        },
        "places",
    );
}
