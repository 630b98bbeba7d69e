//! What the Engine session traces: enough to find a call, and nothing secret.

use std::io::Write;
use std::sync::{Arc, Mutex};

use crate::scripted::{API_KEY, Peer, Scripted};
use serde_json::json;
use tracing_subscriber::fmt::format::FmtSpan;

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_span_tells_of_each_call() {
    // With one dispatcher alone, whether an event is wanted is asked of the thread that meets it first, which may be
    // another test's.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::new());
    let written = Written::default();
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing_subscriber::util::SubscriberInitExt::set_default(subscriber);
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.serve("EngineVersion", json!({})).await;
        let request = peer.take("DoSave").await;
        peer.fail(&request, 5).await;
        peer.until_closed().await;
    })
    .await;
    let session = server.qlik.session("app").connect().await.unwrap();
    session.call("EngineVersion", -1, json!({"qPassword": "hunter2"})).await.unwrap();
    session.handle(1, "Doc").call("DoSave", ()).await.unwrap_err();
    drop(session);
    server.finish().await;
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    for part in
        ["engine_call{method=EngineVersion handle=-1 id=1", "method=Doc.DoSave handle=1 id=2", "code=5", "elapsed="]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(text.contains("sent=") && text.contains("received="), "{text}");
    assert!(!text.contains(API_KEY) && !text.contains("hunter2"), "{text}");
}
