//! Every operation of every API, called through its generated client with values made of its description: what arrives
//! is what the description says, and the sandbox, which judges by the description, takes it.
#![allow(deprecated, reason = "every operation is called, those on their way out too")]

#[allow(dead_code)]
#[path = "../../records/instances/generator.rs"]
mod generator;
#[allow(dead_code)]
#[path = "../../records/instances/judge.rs"]
mod judge;
#[allow(dead_code)]
#[path = "../../records/instances/shape.rs"]
mod shape;

mod arrival;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use qlik::record::{self, Wire};
use qlik::rest::{Answer, Call};
use qlik::{Auth, Error, Qlik};
use qlik_codegen::Input;
use qlik_sandbox::Sandbox;
use serde_json::Value;

use self::generator::Mode;
use crate::server::{Server, respond};

/// An operation, and how it is called.
struct Row {
    api: &'static str,
    name: &'static str,
    verb: &'static str,
    path: &'static str,
    call: fn(&Qlik, &Given) -> BoxFuture<'static, Sent>,
}

type Sent = qlik::Result<u16>;

include!(concat!(env!("OUT_DIR"), "/operations.rs"));

/// Parameters that say where a page of a list begins.
const PLACES: &[&str] =
    &["next", "prev", "page", "cursor", "startingAfter", "endingBefore", "offset", "skip", "pageToken"];

/// The values of one call, by place and name.
#[derive(Debug, Default)]
struct Given(BTreeMap<String, Value>);

impl Given {
    fn need<T: Wire>(&self, name: &str) -> T {
        self.get(name).unwrap_or_else(|| panic!("the description has no `{name}`"))
    }

    fn get<T: Wire>(&self, name: &str) -> Option<T> {
        let value = self.0.get(name)?.clone();
        Some(record::from_value(value.clone()).unwrap_or_else(|error| panic!("{name} {value}: {error}")))
    }

    fn need_bytes(&self, name: &str) -> Bytes {
        self.get_bytes(name).unwrap_or_else(|| panic!("the description has no `{name}`"))
    }

    fn get_bytes(&self, name: &str) -> Option<Bytes> {
        Some(match self.0.get(name)? {
            Value::String(text) => Bytes::from(text.clone()),
            other => Bytes::from(other.to_string()),
        })
    }

    fn send<T: Answer>(&self, call: Call<T>) -> BoxFuture<'static, Sent> {
        async move { call.send().await.map(|answer| answer.status()) }.boxed()
    }
}

/// Calls an operation; an error is that a value is none that its call takes.
async fn call(qlik: &Qlik, row: &Row, given: &Given) -> Result<Sent, ()> {
    let calling = std::panic::AssertUnwindSafe(async { (row.call)(qlik, given).await });
    calling.catch_unwind().await.map_err(drop)
}

/// The operations of each API, with its description as it was imported and corrected.
fn described() -> Vec<(Value, Vec<&'static Row>)> {
    let input = Input::new(concat!(env!("CARGO_MANIFEST_DIR"), "/specs"));
    let overlays = input.overlays().unwrap();
    let apis = input.apis().unwrap().into_iter().map(|api| {
        let rows: Vec<&Row> = ROWS.iter().filter(|row| row.api == api).collect();
        (input.load(&format!("rest/{api}"), &overlays).unwrap().document.value, rows)
    });
    apis.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_arrives_is_what_the_description_says() {
    // Qlik's 684, and the one that resumable uploads demand.
    assert_eq!(ROWS.len(), 685);
    let (mut calls, mut unfit, mut wrong) = (0, 0, Vec::new());
    for (root, rows) in &described() {
        let server = Server::start(|_| ready(respond(204, &[], ""))).await;
        let qlik = server.builder().no_rate_limits().retries(0).build().unwrap();
        let mut generator = generator::Generator::new(root);
        for row in rows {
            for mode in [Mode::Full, Mode::Required, Mode::Highest, Mode::Random, Mode::Random] {
                let given = values::given(root, row, &mut generator, mode);
                let before = server.seen().len();
                // What the answer is read as does not matter here.
                let Ok(sent) = call(&qlik, row, &given).await else {
                    wrong.push(format!("{} {} ({mode:?}): {given:?} is not taken", row.api, row.name));
                    continue;
                };
                let seen = server.seen().split_off(before);
                calls += 1;
                let problem = match (&sent, seen.as_slice()) {
                    (Err(error @ Error::Config(_)), _) => Some(error.to_string()),
                    (_, [seen]) => {
                        unfit += usize::from(!arrival::fits(root, row, &given));
                        arrival::problem(root, row, &given, seen)
                    }
                    (_, seen) => Some(format!("{} requests arrived", seen.len())),
                };
                wrong.extend(problem.map(|problem| format!("{} {} ({mode:?}): {problem}", row.api, row.name)));
            }
        }
    }
    wrong.dedup_by_key(|problem| problem.split(" (").next().unwrap_or_default().to_owned());
    assert!(wrong.is_empty(), "{} of {calls} calls:\n{}", wrong.len(), wrong.join("\n"));
    assert!(calls > 3400 && unfit * 100 < calls, "{unfit} bodies of {calls} do not fit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_takes_every_operation_and_its_answers_are_read() {
    let sandbox = Sandbox::start().await.unwrap();
    let qlik = Qlik::builder(sandbox.host()).auth(Auth::api_key(sandbox.api_key()));
    let qlik = qlik.no_rate_limits().retries(0).build().unwrap();
    let kept: BTreeSet<(String, String)> = qlik_sandbox::operations()
        .into_iter()
        .filter_map(|(method, path, _, kept)| kept.then_some((method, path)))
        .collect();
    let (mut answered, mut unfit, mut wrong) = (0, 0, Vec::new());
    for (root, rows) in &described() {
        let mut generator = generator::Generator::new(root);
        for row in rows {
            for mode in [Mode::Full, Mode::Required] {
                let mut given = values::given(root, row, &mut generator, mode);
                // Where a page begins, the tenant says.
                given.0.retain(|name, _| !PLACES.iter().any(|place| name.strip_prefix("query ") == Some(place)));
                let Ok(sent) = call(&qlik, row, &given).await else { continue };
                match sent {
                    Ok(_) => answered += 1,
                    // Where the sandbox keeps state, it has no such thing, or has reasons beyond the description.
                    Err(Error::Http(error))
                        if kept.contains(&(row.verb.to_owned(), row.path.to_owned()))
                            && (400..500).contains(&error.status())
                            && !matches!(error.status(), 405 | 415) => {}
                    Err(Error::Http(error)) if error.status() == 400 && !arrival::fits(root, row, &given) => unfit += 1,
                    Err(error) => wrong.push(format!("{} {} ({mode:?}): {error}", row.api, row.name)),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(answered > 1200 && unfit < 10, "{answered} answered, {unfit} unfit");
}
