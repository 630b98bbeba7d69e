//! Many tasks on one session, through a network that keeps breaking: at the end nothing may be left over.
//!
//! `cargo run --example soak -- [CALLS] [TASKS] [SECONDS BETWEEN FAULTS]`; small unless told otherwise. It runs against
//! a sandbox of its own and prints what it did and what it held at the end; it fails when something leaked.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt;
use qlik::engine::{Delta, Doc, Proxy, Resume, types};
use qlik::{Auth, Error, Qlik};
use qlik_sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

/// How much more memory than at the start may be in use at the end.
const GROWTH: u64 = 64 << 20;

#[derive(Default)]
struct Figures {
    calls: AtomicU64,
    given_up: AtomicU64,
    lost: AtomicU64,
    engine_errors: AtomicU64,
    changes: AtomicU64,
    faults: AtomicU64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = |default: f64| arguments.next().map_or(Ok(default), |text| text.parse());
    let (calls, tasks, pause) = (argument(2_000.0)? as u64, argument(8.0)? as u64, argument(0.5)?);

    let sandbox = Sandbox::start().await?;
    let figures = Arc::new(Figures::default());
    let proxy = breaking_proxy(sandbox.addr(), Duration::from_secs_f64(pause), Arc::clone(&figures)).await?;
    let qlik = Qlik::builder(format!("http://{proxy}")).auth(Auth::api_key(sandbox.api_key())).build()?;
    let straight = Qlik::builder(sandbox.host()).auth(Auth::api_key(sandbox.api_key())).build()?;
    let apps: Value = straight.get("/api/v1/items").query("resourceType", "app").await?;
    let app = apps["data"][0]["resourceId"].as_str().ok_or("the sandbox has no app")?.to_owned();

    let resume = Resume::automatic().backoff(Duration::from_millis(5), Duration::from_millis(100)).attempts(1_000);
    let doc = qlik.session(app).resume(resume.with_selections()).delta(Delta::layouts()).open().await?;
    let session = doc.handle().session().clone();
    let before = (memory(), alive_tasks());
    let begin = Instant::now();
    let work = (0..tasks).map(|task| {
        let (doc, figures) = (doc.clone(), Arc::clone(&figures));
        tokio::spawn(async move { work(doc, calls / tasks.max(1), task, &figures).await })
    });
    for done in futures::future::join_all(work).await {
        done?;
    }
    let elapsed = begin.elapsed();
    // what was given up is told to the engine, and what it still says is read
    tokio::time::sleep(Duration::from_millis(500)).await;

    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let in_use = session.in_use();
    let grown = memory().saturating_sub(before.0);
    println!("calls            {}", count(&figures.calls));
    println!("seconds          {:.1}", elapsed.as_secs_f64());
    println!("given up         {}", count(&figures.given_up));
    println!("lost             {}", count(&figures.lost));
    println!("engine errors    {}", count(&figures.engine_errors));
    println!("changes seen     {}", count(&figures.changes));
    println!("faults           {}", count(&figures.faults));
    println!("delta bytes      {}", in_use.delta_bytes_saved);
    println!("calls waiting    {}", in_use.calls);
    println!("objects held     {}", in_use.objects);
    println!("tasks            {} (before {})", alive_tasks(), before.1);
    println!("memory grown by  {} KiB", grown >> 10);
    if in_use.calls > 0 || in_use.objects > 1 || grown > GROWTH {
        return Err("something leaked".into());
    }
    Ok(())
}

/// One task's share of the calls.
async fn work(doc: Doc, calls: u64, task: u64, figures: &Figures) {
    let mut random = fastrand_like(task);
    for _ in 0..calls {
        figures.calls.fetch_add(1, Ordering::Relaxed);
        let done = match random() % 10 {
            0..4 => doc.evaluate_ex("Sum(Amount)").await.map(drop),
            4 => doc.get_app_layout().await.map(drop),
            5 => {
                let countries = ["Norway", "Sweden", "Denmark"];
                let country = countries[usize::try_from(random() % 3).unwrap_or(0)];
                doc.select_in("Country", [country]).await.map(drop)
            }
            6 => doc.clear_all().await,
            7 => doc.evaluate_ex("Count(Country)").timeout(Duration::from_micros(random() % 800)).await.map(drop),
            _ => object(&doc, figures).await,
        };
        match done {
            Ok(()) => {}
            Err(Error::Timeout(_)) => drop(figures.given_up.fetch_add(1, Ordering::Relaxed)),
            Err(Error::Closed(_)) => drop(figures.lost.fetch_add(1, Ordering::Relaxed)),
            Err(_) => drop(figures.engine_errors.fetch_add(1, Ordering::Relaxed)),
        }
    }
}

/// Makes an object of the session, follows it for a moment, and drops it.
async fn object(doc: &Doc, figures: &Figures) -> qlik::Result<()> {
    let properties: types::GenericObjectProperties = serde_json::from_value(json!({
        "qInfo": { "qType": "soak" }, "qListObjectDef": { "qDef": { "qFieldDefs": ["Country"] } },
    }))
    .unwrap_or_default();
    let object = doc.create_session_object(&properties).await?.scoped()?;
    let mut layouts = object.layouts();
    for _ in 0..2 {
        match tokio::time::timeout(Duration::from_millis(5), layouts.next()).await {
            Ok(Some(layout)) => {
                layout?;
                figures.changes.fetch_add(1, Ordering::Relaxed);
            }
            Ok(None) | Err(_) => break,
        }
    }
    Ok(())
}

/// A small generator of numbers, the same ones each time.
fn fastrand_like(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 11
    }
}

/// Passes connections on, and breaks each after a while.
async fn breaking_proxy(to: SocketAddr, pause: Duration, figures: Arc<Figures>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        let mut random = fastrand_like(7);
        while let Ok((mut client, _)) = listener.accept().await {
            let limit = pause.mul_f64(0.5 + (random() % 100) as f64 / 100.0);
            let figures = Arc::clone(&figures);
            tokio::spawn(async move {
                let Ok(mut server) = TcpStream::connect(to).await else { return };
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                let passing = tokio::io::copy_bidirectional(&mut client, &mut server);
                if tokio::time::timeout(limit, passing).await.is_err() {
                    figures.faults.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    Ok(address)
}

fn alive_tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

/// The memory in use, in bytes; nothing where the system does not tell.
fn memory() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let resident = pages.and_then(|pages| pages.split_whitespace().nth(1)?.parse::<u64>().ok());
    resident.unwrap_or(0) * 4096
}
