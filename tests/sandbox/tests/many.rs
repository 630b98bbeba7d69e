//! Many sandboxes side by side: how soon each answers, and that none leaves anything behind. A file of its own, for it
//! counts the threads and connections of its process.

mod common;

use std::net::TcpListener;
use std::time::Instant;

use common::{Engine, client, send};
use qlik_sandbox::Sandbox;
use serde_json::json;

/// The names of this process's threads, where the system tells them.
fn threads() -> Option<usize> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    Some(names.filter(|name| name.trim() == "qlik-sandbox").count())
}

#[tokio::test]
async fn a_hundred_side_by_side_leave_nothing() {
    let begin = Instant::now();
    let mut first = None;
    let mut sandboxes = Vec::new();
    let mut engines = Vec::new();
    for _ in 0..100 {
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let get = |path: &str| client().get(format!("{}{path}", sandbox.host())).bearer_auth(sandbox.api_key());
        assert_eq!(send(get("/api/v1/users/actions/count")).await, (200, json!({ "total": 4 })));
        let after = begin.elapsed();
        first.get_or_insert(after);
        let apps = send(get("/api/v1/items?resourceType=app")).await.1;
        let app = apps["data"][0]["resourceId"].as_str().expect("an app");
        engines.push(Engine::open(sandbox.addr(), sandbox.api_key(), app).await);
        sandboxes.push(sandbox);
    }
    println!("first answer after {:?}, a hundred after {:?}", first.unwrap_or_default(), begin.elapsed());
    assert!(threads().is_none_or(|threads| threads == 100), "a thread for each");
    let addresses: Vec<_> = sandboxes.iter().map(Sandbox::addr).collect();
    drop(sandboxes);
    assert!(threads().is_none_or(|threads| threads == 0), "the threads have ended");
    for (address, engine) in addresses.into_iter().zip(&mut engines) {
        assert_eq!(engine.next().await, json!("ended"), "its connections too");
        TcpListener::bind(address).expect("the port is free again");
    }
}
