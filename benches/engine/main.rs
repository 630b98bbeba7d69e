//! How fast the Engine session is, against a bare loop on the same socket library and against enigma.js on Node.
//!
//! All three call one server, a process of its own, in the same run and in turns. Prints `ratio NAME VALUE` for each
//! measure: above 1 the session is faster than what it is compared with. enigma.js is installed into the build folder
//! with npm; where that cannot be done, the run says so and goes on without it.

mod bare;
mod enigma;
mod server;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures::future::join_all;
use qlik::engine::{Doc, GenericObject, Proxy, RpcMethod, Session};
use qlik::{Auth, Qlik};
use serde_json::Value;

const ROUNDS: usize = 7;
/// Turns are short and many, each of these orders as often as the others: a machine that speeds up or slows down in
/// between does so for all, and nobody gains by whom he follows.
const TURNS: usize = 8 * ORDERS.len();
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 2, 1], [2, 1, 0], [1, 0, 2]];
const CALLS: usize = 3_200;
const LAYOUTS: usize = 40;

const GET_LAYOUT: RpcMethod = RpcMethod::new("GenericObject", "GetLayout").out("qLayout");

fn main() {
    if std::env::args().any(|argument| argument == server::FLAG) {
        return runtime().block_on(server::serve());
    }
    let server = server::Process::start();
    let enigma = enigma::Enigma::start(server.address);
    if let Err(why) = &enigma {
        println!("enigma.js is left out: {why}");
    }
    let address = server.address;
    // a task of its own, as calls are made in life: the future that a runtime blocks on is woken in another way
    let measures = async move { tokio::spawn(measure(address, enigma.ok())).await };
    runtime().block_on(measures).expect("the measures come to their end");
}

async fn measure(address: SocketAddr, mut enigma: Option<enigma::Enigma>) {
    let qlik = Qlik::builder(format!("http://{address}")).auth(Auth::api_key("bench")).build().expect("a client");
    let session = qlik.session("app").connect().await.expect("a session");
    let mut bare = bare::connect(address).await;
    for (name, in_flight) in [("small_calls_16_in_flight", 16), ("small_calls_one_at_a_time", 1)] {
        let mut times = [const { Vec::new() }; 3];
        for turn in 0..TURNS {
            for who in ORDERS[turn % ORDERS.len()] {
                times[who].extend(match who {
                    0 => Some(calls(&session, in_flight).await),
                    1 => Some(bare::calls(&mut bare, CALLS, in_flight).await),
                    _ => enigma.as_mut().map(|enigma| enigma.calls(CALLS, in_flight)),
                });
            }
        }
        let [session, bare, node] = times.map(|times| {
            let mut seconds: Vec<f64> = times.iter().map(Duration::as_secs_f64).collect();
            seconds.sort_by(f64::total_cmp);
            seconds
        });
        for (who, seconds) in [("session", &session), ("bare", &bare), ("enigma.js", &node)] {
            let rate = |share: f64| {
                let seconds = seconds.get((seconds.len() as f64 * share) as usize);
                CALLS as f64 / seconds.copied().unwrap_or(f64::NAN)
            };
            println!(
                "{name}: {who} {:.0}/s, from {:.0} to {:.0} in nine of ten turns",
                rate(0.5),
                rate(0.95),
                rate(0.05)
            );
        }
        // of the time of all turns, in which each comes first, second and last as often as the others
        let total = |seconds: &[f64]| seconds.iter().sum::<f64>();
        println!("ratio {name} {:.2}", total(&bare) / total(&session));
        if !node.is_empty() {
            println!("ratio {name}_to_enigma_js {:.2}", total(&node) / total(&session));
            println!("ratio {name}_of_bare_to_enigma_js {:.2}", total(&node) / total(&bare));
        }
    }
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let (whole, delta) = (layouts(&session, false).await, layouts(&session, true).await);
        println!("{LAYOUTS} layouts of 1 MB: whole {whole:?}, by delta {delta:?}");
        rounds.push(whole.as_secs_f64() / delta.as_secs_f64());
    }
    println!("ratio delta_of_a_1_mb_layout {:.2}", median(rounds));
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

async fn calls(session: &Session, in_flight: usize) -> Duration {
    let doc = Doc::new(session.handle(1, "Doc"));
    let begin = Instant::now();
    let lanes = (0..in_flight).map(|_| {
        let doc = doc.clone();
        async move {
            for _ in 0..CALLS / in_flight {
                let value = doc.evaluate_ex("Sum(Sales)").await.expect("a value");
                assert_eq!(value.is_numeric, Some(true));
            }
        }
    });
    join_all(lanes).await;
    begin.elapsed()
}

async fn layouts(session: &Session, delta: bool) -> Duration {
    let object = GenericObject::new(session.handle(2, "GenericObject"));
    // the first one is whole either way
    object.handle().rpc::<Value>(GET_LAYOUT).delta(delta).await.expect("a layout");
    let begin = Instant::now();
    for _ in 0..LAYOUTS {
        let call = object.get_layout().delta(delta);
        call.await.expect("a layout");
    }
    begin.elapsed()
}
