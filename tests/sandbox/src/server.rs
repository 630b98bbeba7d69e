//! One port for all: REST, signing in, and the Engine's WebSocket under `/app/`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, FromRequestParts, Request, State, WebSocketUpgrade};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use futures_util::{StreamExt, stream};
use serde_json::json;

use crate::auth::{self, Caller};
use crate::engine;
use crate::fault::Harm;
use crate::rest::{self, Answer, Outcome, Problem};
use crate::socket::Socket;
use crate::tenant::{Seen, Tenant};
use crate::wire::{Peer, Port};

/// The largest body of a request.
const LARGEST_BODY: usize = 256 << 20;

/// The largest message of the Engine's socket.
const LARGEST_MESSAGE: usize = 256 << 20;

/// What serves one sandbox.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) tenant: Arc<Tenant>,
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
    /// Whether every request is told on the standard error.
    pub(crate) verbose: bool,
}

pub(crate) fn router(server: Server) -> Router {
    Router::new().fallback(serve).with_state(server)
}

/// Every request: what is to befall it, then its answer, and a note of both.
async fn serve(State(server): State<Server>, ConnectInfo(peer): ConnectInfo<Peer>, request: Request) -> Response {
    let trace_id = server.tenant.state().ids.hex32();
    let (parts, body) = request.into_parts();
    let seen = Seen::of(&parts);
    let harms = server.tenant.faults.strike(parts.method.as_str(), parts.uri.path());
    let mut answer = None;
    for harm in &harms {
        match harm {
            Harm::Delay(time) => tokio::time::sleep(*time).await,
            Harm::Bandwidth(rate) => peer.line.slow(*rate),
            Harm::Revoke => server.tenant.auth().revoke_all(),
            Harm::Clock(time) => server.tenant.clock.advance(*time),
            Harm::Drop => peer.line.drop_it(),
            Harm::HalfOpen => peer.line.silence(),
            Harm::Status(status) => {
                let title = StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
                let problem = Problem::new(*status, title.unwrap_or("Error"), "A fault of the sandbox's making");
                answer = Some(problem.answer(&trace_id));
            }
            Harm::TooMany(seconds) => answer = Some(Problem::too_many(*seconds).answer(&trace_id)),
            Harm::Html(status) => {
                let page = format!("<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>");
                answer = Some(Answer { status: *status, ..Answer::file("text/html", page) });
            }
            Harm::Cut(_) | Harm::Close(_) | Harm::Reorder => {}
        }
    }
    let method = parts.method.clone();
    let path = parts.uri.path().to_owned();
    let response = match answer {
        Some(answer) => respond(answer, &trace_id),
        None => server.answer(&peer, parts, body, &trace_id).await,
    };
    if server.verbose {
        eprintln!("{method} {path} {} {trace_id}", response.status().as_u16());
    }
    server.tenant.note(Seen { status: response.status().as_u16(), ..seen });
    let cut = harms.iter().find_map(|harm| match harm {
        Harm::Cut(length) => Some(*length),
        _ => None,
    });
    match cut {
        Some(length) => broken(response, length).await,
        None => response,
    }
}

/// The response, with a body that breaks off.
async fn broken(response: Response, length: usize) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = axum::body::to_bytes(body, LARGEST_BODY).await.unwrap_or_default();
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let head = whole.slice(..length.min(whole.len().saturating_sub(1)));
    // What came before goes out first.
    let rest = stream::once(async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::BrokenPipe))
    });
    Response::from_parts(parts, Body::from_stream(stream::iter([Ok(head)]).chain(rest)))
}

impl Server {
    async fn answer(&self, peer: &Peer, parts: Parts, body: Body, trace_id: &str) -> Response {
        let (answer, path) = match self.request(&parts, body).await {
            Ok(request) => match self.route(peer, parts, request).await {
                Ok(response) => return response,
                Err((outcome, path)) => (outcome, path),
            },
            Err(problem) => (Err(problem), String::new()),
        };
        let answer = answer.unwrap_or_else(|problem| {
            let mut answer = problem.answer(trace_id);
            // These endpoints write the status as a text.
            if let (true, Some(body)) = (path.starts_with("/oauth/"), &mut answer.body) {
                body["errors"][0]["status"] = json!(problem.status.to_string());
            }
            answer
        });
        respond(answer, trace_id)
    }

    async fn request(&self, parts: &Parts, body: Body) -> Result<rest::Request, Problem> {
        let body = axum::body::to_bytes(body, LARGEST_BODY).await.map_err(|_| Problem::too_large())?;
        let host = auth::header(parts, HOST.as_str()).unwrap_or("localhost");
        let mut request = rest::Request {
            method: parts.method.as_str().to_owned(),
            query: form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect(),
            headers: parts.headers.clone(),
            body,
            origin: format!("{}://{host}", self.scheme),
            ..rest::Request::default()
        };
        request.go_to(parts.uri.path());
        Ok(request)
    }

    /// Finds who asks and where it goes: a socket, or an outcome with the path it was sent to.
    async fn route(
        &self,
        peer: &Peer,
        parts: Parts,
        mut request: rest::Request,
    ) -> Result<Response, (Outcome, String)> {
        let tenant = &self.tenant;
        let path = request.path.clone();
        let failed = |problem: Problem| (Err(problem), path.clone());
        if peer.port == Port::Certificates {
            let caller = auth::by_certificate(tenant, &parts);
            if engine::is_address(&path) {
                return self.upgrade(parts, &request, Some(caller.map_err(failed)?)).await.map_err(failed);
            }
            return Err((self.services(request, caller), path));
        }
        if let Some((prefix, rest)) = tenant.managed.proxy_of(&path) {
            let engine = engine::is_address(rest);
            let entry = auth::by_proxy(tenant, prefix, &parts, &request.query, engine);
            if engine && entry.as_ref().is_err_and(|problem| problem.is(auth::SESSION_LIMIT)) {
                return self.upgrade(parts, &request, None).await.map_err(failed);
            }
            let (caller, cookie) = entry.map_err(failed)?;
            request.go_to(rest);
            request.origin = format!("{}/{prefix}", request.origin);
            if engine {
                return self.upgrade(parts, &request, Some(caller)).await.map_err(failed);
            }
            let outcome = match rest.starts_with("/qps/") {
                true => auth::check_xrfkey(&request)
                    .and_then(|()| auth::personal(tenant, prefix, &parts, &request, cookie.as_deref())),
                false if rest.starts_with("/api/") => rest::answer(tenant, &rest::Request { caller, ..request }),
                false => self.services(request, Ok(caller)),
            };
            let outcome = outcome.map(|answer| match cookie {
                Some(cookie) => answer.with("set-cookie", cookie),
                None => answer,
            });
            return Err((outcome, path));
        }
        if let Some(outcome) = auth::open(tenant, &parts, &request).or_else(|| rest::product_info(&request)) {
            return Err((outcome, path));
        }
        let engine = engine::is_address(&path);
        let caller = auth::identify(tenant, &parts, &request.query, engine).map_err(failed)?;
        if engine {
            return self.upgrade(parts, &request, Some(caller)).await.map_err(failed);
        }
        let request = rest::Request { caller, ..request };
        let outcome = match request.with_parts().await {
            Ok(request) => rest::answer(tenant, &request),
            Err(problem) => Err(problem),
        };
        Err((outcome, path))
    }

    /// The services of a client-managed server, each of which wants its key said twice.
    fn services(&self, request: rest::Request, caller: Result<Caller, Problem>) -> Outcome {
        auth::check_xrfkey(&request)?;
        let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["qrs", path @ ..] => {
                caller?;
                rest::qrs::answer(&self.tenant, &request, path)
            }
            ["qps", path @ ..] => auth::service(&self.tenant, &request, path),
            _ => Err(Problem::not_found("resource", &request.path)),
        }
    }

    /// Opens a socket; for nobody, if there may be no more of a user's.
    async fn upgrade(
        &self,
        mut parts: Parts,
        request: &rest::Request,
        caller: Option<Caller>,
    ) -> Result<Response, Problem> {
        let line = parts.extensions.get::<ConnectInfo<Peer>>().map(|ConnectInfo(peer)| Arc::clone(&peer.line));
        let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &()).await;
        let upgrade = upgrade.map_err(|_| Problem::no_upgrade())?;
        let upgrade = upgrade.max_message_size(LARGEST_MESSAGE).max_frame_size(LARGEST_MESSAGE);
        let (tenant, path, verbose) = (Arc::clone(&self.tenant), request.path.clone(), self.verbose);
        Ok(upgrade.on_upgrade(async move |inner| {
            let line = line.unwrap_or_default();
            let (calls, held) = (HashMap::new(), Vec::new());
            let socket = Socket { inner, tenant: Arc::clone(&tenant), path: path.clone(), line, verbose, calls, held };
            match caller {
                Some(caller) => engine::serve(tenant, caller.user, path, socket).await,
                None => engine::refuse(socket).await,
            }
        }))
    }
}

fn respond(answer: Answer, trace_id: &str) -> Response {
    let (mime, body) = match (&answer.body, answer.file) {
        (Some(body), _) => (Some("application/json".to_owned()), Body::from(body.to_string())),
        (None, Some(file)) => (Some(file.mime), Body::from(file.bytes)),
        (None, None) => (None, Body::empty()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    let mut put = |name: &str, value: &str| {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            headers.append(name, value);
        }
    };
    if let Some(mime) = mime {
        put(CONTENT_TYPE.as_str(), &mime);
    }
    put("x-b3-traceid", trace_id);
    for (name, value) in &answer.headers {
        put(name, value);
    }
    response
}
