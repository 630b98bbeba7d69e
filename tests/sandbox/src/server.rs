//! One port for both protocols: REST, and the Engine's WebSocket under `/app/`.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use axum::extract::{FromRequestParts, Query, Request, State, WebSocketUpgrade};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use percent_encoding::percent_decode_str;
use tokio::sync::broadcast::error::RecvError;

use crate::engine::Session;
use crate::rest::{self, Answer, Problem};
use crate::tenant::Tenant;

/// The largest body of a REST request.
const LARGEST_BODY: usize = 16 << 20;

/// The largest message of the Engine's socket.
const LARGEST_MESSAGE: usize = 256 << 20;

/// The close code of an app that was deleted under an open session.
const APP_DELETED: u16 = 4004;

pub(crate) fn router(tenant: Arc<Tenant>) -> Router {
    Router::new().fallback(serve).with_state(tenant)
}

/// Every request: its key first, then the Engine's socket or REST.
async fn serve(State(tenant): State<Arc<Tenant>>, request: Request) -> Response {
    let trace_id = tenant.state().ids.hex32();
    let answer = match authorized(&tenant, request.headers()) {
        false => Err(Problem::unauthorized()),
        true if is_engine(request.uri().path()) => match upgrade(tenant, request).await {
            Ok(response) => return response,
            Err(problem) => Err(problem),
        },
        true => rest(&tenant, request).await,
    };
    let answer = answer.unwrap_or_else(|problem| Answer {
        status: problem.status,
        body: Some(problem.body(&trace_id)),
        location: None,
    });
    respond(&answer, &trace_id)
}

fn authorized(tenant: &Tenant, headers: &HeaderMap) -> bool {
    let sent = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = sent.and_then(|value| value.split_once(' '));
    token.is_some_and(|(scheme, key)| scheme.eq_ignore_ascii_case("bearer") && key.trim() == tenant.api_key)
}

/// Whether a path is the Engine's: `/app/{app}`, with `/identity/{name}` and `/ttl/{seconds}` after it.
fn is_engine(path: &str) -> bool {
    let Some(rest) = path.strip_prefix("/app/") else { return false };
    let mut segments = rest.split('/');
    if segments.next().is_none_or(str::is_empty) {
        return false;
    }
    loop {
        match (segments.next(), segments.next()) {
            (None, _) => return true,
            (Some("identity"), Some(name)) if !name.is_empty() => {}
            (Some("ttl"), Some(seconds)) if seconds.parse::<u32>().is_ok() => {}
            _ => return false,
        }
    }
}

async fn upgrade(tenant: Arc<Tenant>, request: Request) -> Result<Response, Problem> {
    let (mut parts, _) = request.into_parts();
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &()).await;
    let upgrade = upgrade.map_err(|_| Problem::no_upgrade())?;
    let upgrade = upgrade.max_message_size(LARGEST_MESSAGE).max_frame_size(LARGEST_MESSAGE);
    Ok(upgrade.on_upgrade(move |socket| engine(tenant, socket)))
}

/// Answers the calls of one socket until either side closes it.
async fn engine(tenant: Arc<Tenant>, mut socket: WebSocket) {
    let mut deleted = tenant.deleted.subscribe();
    let mut session = Session::new(tenant);
    if socket.send(Message::Text(Session::greeting().into())).await.is_err() {
        return;
    }
    loop {
        let reply = tokio::select! {
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => session.answer(&text),
                Some(Ok(Message::Binary(bytes))) => session.answer(&String::from_utf8_lossy(&bytes)),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            gone = deleted.recv() => match gone {
                Ok(id) if session.app_id() == Some(id.as_str()) => {
                    let frame = CloseFrame { code: APP_DELETED, reason: "App deleted".into() };
                    // The client may be gone too.
                    let _ = socket.send(Message::Close(Some(frame))).await;
                    return;
                }
                Ok(_) | Err(RecvError::Lagged(_)) => None,
                Err(RecvError::Closed) => return,
            },
        };
        if let Some(reply) = reply
            && socket.send(Message::Text(reply.into())).await.is_err()
        {
            return;
        }
    }
}

async fn rest(tenant: &Tenant, request: Request) -> Result<Answer, Problem> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, LARGEST_BODY).await.map_err(|_| Problem::too_large())?;
    let path = parts.uri.path();
    let decoded = |segment: &str| percent_decode_str(segment).decode_utf8_lossy().into_owned();
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let request = rest::Request {
        method: parts.method.as_str().to_owned(),
        segments: path.split('/').skip(1).map(decoded).collect(),
        path: path.to_owned(),
        query: query(&parts.uri),
        body: body.to_vec(),
        origin: format!("http://{host}"),
    };
    rest::answer(tenant, &request)
}

fn query(uri: &Uri) -> Vec<(String, String)> {
    Query::try_from_uri(uri).map(|Query(pairs)| pairs).unwrap_or_default()
}

fn respond(answer: &Answer, trace_id: &str) -> Response {
    let body = answer.body.as_ref().map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if answer.body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if let Some(Ok(location)) = answer.location.as_deref().map(HeaderValue::from_str) {
        headers.insert(LOCATION, location);
    }
    if let Ok(trace_id) = HeaderValue::from_str(trace_id) {
        headers.insert("x-b3-traceid", trace_id);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_engine() {
        for path in ["/app/engineData", "/app/x/identity/me", "/app/x/ttl/60", "/app/x/identity/me/ttl/0"] {
            assert!(is_engine(path), "{path}");
        }
        for path in ["/app", "/app/", "/app/x/ttl/soon", "/app/x/identity", "/app/x/y/z", "/api/v1/apps"] {
            assert!(!is_engine(path), "{path}");
        }
    }

    #[test]
    fn the_key_opens_and_nothing_else() {
        let tenant = Tenant::seeded();
        let with = |value: String| {
            let value = HeaderValue::from_str(&value).expect("a header value");
            authorized(&tenant, &HeaderMap::from_iter([(AUTHORIZATION, value)]))
        };
        assert!(with(format!("Bearer {}", tenant.api_key)));
        assert!(!with(format!("Basic {}", tenant.api_key)));
        assert!(!with("Bearer other".to_owned()));
        assert!(!authorized(&tenant, &HeaderMap::new()));
    }
}
