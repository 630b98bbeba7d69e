//! The client's own rate limit, and what may be spent on retries.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use qlik::rest::{Method, RateLimits, Retry};
use qlik::{Error, Qlik};
use serde_json::Value;

use crate::server::{Server, respond};

/// A client that may make so many calls of tier one in each half second.
fn limited(server: &Server, calls: u32) -> Qlik {
    let window = Duration::from_millis(500);
    let limits = RateLimits::default().tier_one(calls * 120).window(window);
    server.builder().rate_limits(limits).build().unwrap()
}

async fn items(qlik: &Qlik) -> qlik::Result<()> {
    qlik.items().get_items().await.map(drop)
}

#[tokio::test]
async fn clones_share_the_limit_and_wait_for_their_turn() {
    let server = Server::always(r#"{"data":[]}"#).await;
    let qlik = limited(&server, 5);
    let start = Instant::now();
    let calls: Vec<_> = (0..12)
        .map(|_| {
            let qlik = qlik.clone();
            tokio::spawn(async move { items(&qlik).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
    // Raw calls, and those of another tier, are counted apart.
    let start = Instant::now();
    for _ in 0..20 {
        let _: Value = qlik.get("/api/v1/items").await.unwrap();
    }
    assert!(start.elapsed() < Duration::from_millis(950));
}

#[tokio::test]
async fn waiting_does_not_count_unless_the_call_has_its_own_limit() {
    let server = Server::always(r#"{"data":[]}"#).await;
    let limits = RateLimits::default().tier_one(120).window(Duration::from_millis(500));
    let qlik = server.builder().rate_limits(limits).timeout(Duration::from_millis(300)).build().unwrap();
    items(&qlik).await.unwrap();
    items(&qlik).await.unwrap();
    let error = qlik.items().get_items().call().timeout(Duration::from_millis(300)).await.unwrap_err();
    assert!(matches!(error, Error::RateLimit(_)) && error.is_rate_limited() && error.is_retryable(), "{error:?}");
    assert!(error.to_string().starts_with("items getItems: the rate limit is used up"), "{error}");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn no_call_waits_longer_than_it_may() {
    let server = Server::always(r#"{"data":[]}"#).await;
    let limits = RateLimits::default().tier_one(1).longest_wait(Duration::from_secs(2));
    let qlik = server.builder().rate_limits(limits).build().unwrap();
    for _ in 0..5 {
        items(&qlik).await.unwrap();
    }
    let start = Instant::now();
    assert!(items(&qlik).await.unwrap_err().is_rate_limited());
    assert!(start.elapsed() < Duration::from_secs(1));

    let qlik = server.builder().no_rate_limits().build().unwrap();
    for _ in 0..20 {
        items(&qlik).await.unwrap();
    }
}

#[tokio::test]
async fn a_refusal_stops_the_whole_tier() {
    let server = Server::start(|seen| async move {
        match seen.number {
            0 => respond(429, &[("retry-after", "1")], ""),
            _ => respond(200, &[], r#"{"data":[]}"#),
        }
    })
    .await;
    let qlik = server.client();
    let start = Instant::now();
    let first = {
        let qlik = qlik.clone();
        tokio::spawn(async move { items(&qlik).await })
    };
    tokio::time::sleep(Duration::from_millis(300)).await;
    items(&qlik).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
    first.await.unwrap().unwrap();
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn what_the_server_says_is_left_is_believed() {
    let server = Server::start(|seen| async move {
        let left = 1_usize.saturating_sub(seen.number).to_string();
        respond(200, &[("ratelimit-remaining", &left), ("ratelimit-reset", "1")], r#"{"data":[]}"#)
    })
    .await;
    let qlik = server.client();
    let start = Instant::now();
    items(&qlik).await.unwrap();
    items(&qlik).await.unwrap();
    assert!(start.elapsed() < Duration::from_millis(950));
    items(&qlik).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_call_has_its_own_way_of_trying_again() {
    for (retry, method, status, times) in [
        (Retry::never(), Method::Get, 503, 1),
        (Retry::times(4), Method::Get, 503, 5),
        (Retry::times(4), Method::Post, 503, 1),
        (Retry::times(4).even_if_not_idempotent(), Method::Post, 503, 5),
        (Retry::times(4).even_if_not_idempotent(), Method::Post, 400, 1),
    ] {
        let server = Server::failing(99, status, &[]).await;
        let retry = retry.first_pause(Duration::from_millis(1));
        let result: qlik::Result<()> = server.client().request(method, "/x").retry(retry).await;
        assert_eq!(result.unwrap_err().status(), Some(status));
        assert_eq!(server.seen().len(), times, "{method} {status}");
    }
}

#[tokio::test]
async fn a_service_that_is_down_is_not_called_three_times_as_often() {
    let server = Server::failing(usize::MAX, 503, &[]).await;
    let retry = Retry::times(2).first_pause(Duration::from_millis(1));
    let qlik = server.builder().retry(retry).retry_budget(10).build().unwrap();
    for _ in 0..50 {
        assert!(qlik.get::<Value>("/x").await.is_err());
    }
    assert_eq!(server.seen().len(), 60);
}

/// A fifth of all that arrives fails, in every way. Each call ends once: what may be sent again with its answer, what may
/// not with its answer or the failure that it met, and carried out once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_calls_under_faults() {
    const CALLS: usize = 5000;
    let carried = Arc::new(Mutex::new(vec![0_u32; CALLS]));
    let (done, dice) = (carried.clone(), Arc::new(AtomicU32::new(0)));
    let server = Server::start(move |seen| {
        let roll = dice.fetch_add(1, Ordering::Relaxed) % 15;
        let number: usize = seen.query.strip_prefix("n=").unwrap().parse().unwrap();
        // A refusal comes before anything is done; the other failures come after it.
        if roll != 3 {
            done.lock().unwrap()[number] += 1;
        }
        let answer = match roll {
            3 => respond(429, &[("retry-after", "0")], ""),
            8 => respond(503, &[], ""),
            12 => {
                let broken = futures::stream::iter([Err::<axum::body::Bytes, _>(std::io::Error::other("reset"))]);
                respond(200, &[("content-length", "10")], axum::body::Body::from_stream(broken))
            }
            _ => respond(200, &[], number.to_string()),
        };
        async move { answer }
    })
    .await;
    let retry = Retry::times(12).first_pause(Duration::from_millis(2));
    let qlik = server.builder().retry(retry).retry_budget(u32::MAX).build().unwrap();
    let twice = |number: usize| !number.is_multiple_of(3);
    let calls = futures::stream::iter(0..CALLS).map(|number| {
        let method = if twice(number) { Method::Get } else { Method::Post };
        let call = qlik.request::<i64>(method, "/x").query("n", number);
        async move { (number, call.await) }
    });
    use futures::StreamExt;
    let mut answers = calls.buffer_unordered(64);
    let (mut ended, mut failed) = (vec![0; CALLS], 0);
    while let Some((number, answer)) = answers.next().await {
        ended[number] += 1;
        match answer {
            Ok(answer) => assert_eq!(answer, number as i64),
            Err(error) => {
                assert!(!twice(number), "{error}");
                assert!(error.status() == Some(503) || matches!(error, Error::Transport(_)), "{error}");
                failed += 1;
            }
        }
    }
    assert!(ended.iter().all(|times| *times == 1));
    assert!(failed > 0);
    let carried = carried.lock().unwrap();
    for (number, times) in carried.iter().enumerate() {
        assert!(if twice(number) { *times >= 1 } else { *times == 1 }, "{number} was carried out {times} times");
    }
}
