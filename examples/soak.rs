//! Many tasks on one session, with an engine that misbehaves and a network that keeps breaking: at the end nothing may be
//! left over.
//!
//! `cargo run --release --example soak -- [CALLS] [TASKS] [SECONDS BETWEEN FAULTS]`; small unless told otherwise, the whole
//! is `200000 8`. It runs against a sandbox of its own and prints what it did and what it held at the end; it fails when
//! something leaked.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt;
use qlik::engine::{Delta, Doc, Keepalive, Proxy, Resume, SessionEvent, types};
use qlik::{Auth, Error, Qlik};
use qlik_sandbox::{EngineFault, Fault, Harm, Sandbox};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

/// How much more memory than at the start may be in use at the end: the sandbox, which is part of the process, keeps a
/// log of its requests.
const GROWTH: u64 = 64 << 20;
/// How many more tasks than at the start may be alive at the end: those of the connection as it is then.
const TASKS: usize = 4;

#[derive(Default)]
struct Figures {
    calls: AtomicU64,
    given_up: AtomicU64,
    lost: AtomicU64,
    engine_errors: AtomicU64,
    unreadable: AtomicU64,
    changes: AtomicU64,
    breaks: AtomicU64,
    faults: AtomicU64,
    suspended: AtomicU64,
    resumed: AtomicU64,
    /// Set at the end: no connection breaks any more.
    calm: AtomicBool,
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
    let builder = qlik.session(app).resume(resume.with_selections()).delta(Delta::layouts());
    // a reply that is lost is given up soon, and so is a connection that is silent
    let builder = builder.call_timeout(Duration::from_secs(2)).keepalive(Keepalive::Ping(Duration::from_millis(100)));
    let doc = builder.open().await?;
    let session = doc.handle().session().clone();
    // everything has been used once before its memory is measured
    work(doc.clone(), 500, 99, &Figures::default()).await;
    let before = (memory(), alive_tasks());
    let events = tokio::spawn(count_events(session.events(), Arc::clone(&figures)));
    let sandbox = Arc::new(sandbox);
    let trouble = tokio::spawn(misbehave(Arc::clone(&sandbox), Duration::from_secs_f64(pause), Arc::clone(&figures)));
    let begin = Instant::now();
    let work = (0..tasks).map(|task| {
        let (doc, figures) = (doc.clone(), Arc::clone(&figures));
        tokio::spawn(async move { work(doc, calls / tasks.max(1), task, &figures).await })
    });
    for done in futures::future::join_all(work).await {
        done?;
    }
    let elapsed = begin.elapsed();
    trouble.abort();
    sandbox.faults().clear();
    figures.calm.store(true, Ordering::Relaxed);
    // what was given up is told to the engine, and what it still says is read
    tokio::time::sleep(Duration::from_secs(1)).await;
    // and what was lost is had again
    doc.evaluate_ex("1").await?;
    tokio::time::sleep(Duration::from_millis(200)).await;

    let infos = doc.get_all_infos().await?;
    let left = infos.iter().filter(|info| info.type_.as_deref() == Some("soak")).count();

    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let in_use = session.in_use();
    let grown = memory().saturating_sub(before.0);
    println!("calls            {}", count(&figures.calls));
    println!("seconds          {:.1}", elapsed.as_secs_f64());
    println!("given up         {}", count(&figures.given_up));
    println!("lost             {}", count(&figures.lost));
    println!("unreadable       {}", count(&figures.unreadable));
    println!("engine errors    {}", count(&figures.engine_errors));
    println!("layouts followed {}", count(&figures.changes));
    println!("network breaks   {}", count(&figures.breaks));
    println!("other faults     {}", count(&figures.faults));
    println!("suspended        {}", count(&figures.suspended));
    println!("resumed          {}", count(&figures.resumed));
    println!("delta bytes      {}", in_use.delta_bytes_saved);
    println!("calls waiting    {}", in_use.calls);
    println!("objects held     {}", in_use.objects);
    println!("left in engine   {left}");
    println!("tasks            {} (before {})", alive_tasks(), before.1);
    println!("memory grown by  {} KiB", grown >> 10);
    events.abort();
    if in_use.calls > 0 || in_use.objects > 1 || grown > GROWTH || alive_tasks() > before.1 + TASKS {
        return Err("something leaked".into());
    }
    let (suspended, resumed) = (count(&figures.suspended), count(&figures.resumed));
    if suspended != resumed {
        return Err(format!("of {suspended} losses, {resumed} were made good").into());
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
            Err(Error::Decode(error)) => {
                // the sandbox cuts replies short; a few are shown, to see that it was that
                if figures.unreadable.fetch_add(1, Ordering::Relaxed) < 5 {
                    eprintln!("{error}");
                }
            }
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

/// Has the sandbox do something wrong every now and then.
async fn misbehave(sandbox: Arc<Sandbox>, pause: Duration, figures: Arc<Figures>) {
    let mut random = fastrand_like(3);
    loop {
        tokio::time::sleep(pause.mul_f64(0.1 + (random() % 100) as f64 / 250.0)).await;
        let harm = match random() % 12 {
            0 => Harm::Drop,
            1 => Harm::HalfOpen,
            2 => Harm::Close(4003),
            3 => Harm::Close(4206),
            4 => Harm::Close(1001),
            5 => Harm::Cut(70),
            6 => Harm::Html(502),
            7 | 8 => Harm::Delay(Duration::from_millis(20)),
            9 => {
                sandbox.engine_fault(EngineFault::Fail { method: "EvaluateEx".to_owned(), code: 15, times: 3 });
                continue;
            }
            10 => {
                let (method, by) = ("GetLayout".to_owned(), Duration::from_millis(30));
                sandbox.engine_fault(EngineFault::Slow { method, by, times: 3 });
                continue;
            }
            _ => Harm::Reorder,
        };
        figures.faults.fetch_add(1, Ordering::Relaxed);
        sandbox.faults().add(Fault::new("/app/*", harm).times(1));
    }
}

async fn count_events(mut events: qlik::engine::SessionEvents, figures: Arc<Figures>) {
    while let Some(event) = events.next().await {
        match event {
            SessionEvent::Suspended(_) => drop(figures.suspended.fetch_add(1, Ordering::Relaxed)),
            SessionEvent::Resumed(_) => drop(figures.resumed.fetch_add(1, Ordering::Relaxed)),
            _ => {}
        }
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
                let mut passing = pin!(tokio::io::copy_bidirectional(&mut client, &mut server));
                while tokio::time::timeout(limit, &mut passing).await.is_err() {
                    if !figures.calm.load(Ordering::Relaxed) {
                        figures.breaks.fetch_add(1, Ordering::Relaxed);
                        return;
                    }
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
