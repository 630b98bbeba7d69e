//! Resumable uploads (tus 1.0.0): piece by piece, and on from where the server has them after a break.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::time::sleep;

use super::source::Upload;
use super::{Listener, Progress};
use crate::rest::{Api, Located, Method, Operation, Response, Retry, Tier};
use crate::{Error, Result, trace};

/// How much goes up in one request, and stays in memory until the server has it.
const PIECE: usize = 8 * 1024 * 1024;
/// The version of the protocol.
const VERSION: &str = "1.0.0";
/// Failures in a row before an upload is given up; each piece that arrives starts the count anew.
const TRIES: u32 = 6;

static CREATE: Operation =
    Operation::new("temp-contents", "createTempContentsFile", Method::Post, "/api/v1/temp-contents/files")
        .tier(Tier::Special(800))
        .accept("*/*");
static PATCH: Operation =
    Operation::new("temp-contents", "patchTempContentsFile", Method::Patch, "/api/v1/temp-contents/files/{id}")
        .tier(Tier::Special(800))
        .accept("*/*");
// The protocol demands it; the description does not list it.
static OFFSET: Operation =
    Operation::new("temp-contents", "headTempContentsFile", Method::Head, "/api/v1/temp-contents/files/{id}")
        .tier(Tier::Special(800))
        .accept("*/*");

/// Uploads a file of known length, and returns its id.
pub(super) async fn upload(api: &Api, file: Upload, length: u64, life: Option<Duration>) -> Result<String> {
    let listener = file.listener.clone();
    let (id, mut offset) = match begun(api, file.begun.as_deref(), length).await? {
        Some(begun) => begun,
        None => (create(api, file.file_name(), length, life).await?, 0),
    };
    if let Some(keeper) = &file.keeper {
        keeper(&id);
    }
    if offset > 0 {
        tell(listener.as_ref(), offset, length);
    }
    let mut pieces = file.into_pieces().await?;
    let mut failures = 0;
    let pauses = Retry::default();
    while offset < length {
        let piece = pieces.at(offset, PIECE).await?;
        if piece.is_empty() {
            let problem = format!("the file ends after {offset} of the {length} bytes it should have");
            return Err(Error::transport("sending a file", std::io::Error::other(problem)));
        }
        let sent = piece.len() as u64;
        let call = api
            .call::<()>(&PATCH)
            .path("id", &id)
            .header("Tus-Resumable", VERSION)
            .header("Upload-Offset", offset)
            // A piece that may have arrived is not sent again before it is known where the server stands.
            .retry(Retry::never())
            .body(piece, "application/offset+octet-stream");
        let error = match call.send().await {
            Ok(answer) => {
                // A server may take a part of a piece, and never more than all of it.
                let now = self::offset(&answer).filter(|now| (offset..=offset + sent).contains(now));
                let now = now.unwrap_or(offset + sent);
                if now > offset {
                    offset = now;
                    failures = 0;
                    tell(listener.as_ref(), offset, length);
                    continue;
                }
                // Nothing of it, again and again, would have no end.
                let problem = format!("the server has {offset} bytes and takes no more of the {length}");
                Error::transport("sending a file", std::io::Error::other(problem))
            }
            Err(error) => error,
        };
        failures += 1;
        if failures >= TRIES || !may_pass(&error) {
            return Err(error);
        }
        let pause = asked(&error).unwrap_or_else(|| pauses.backoff(failures));
        trace::http::debug(
            format_args!("asking in {pause:?} where an upload stands, after {offset} bytes"),
            Some(&error),
        );
        sleep(pause).await;
        let at = where_it_stands(api, &id).await?;
        if at > length {
            return Err(error);
        }
        if at > offset {
            failures = 0;
        }
        offset = at;
        tell(listener.as_ref(), offset, length);
    }
    if length == 0 {
        tell(listener.as_ref(), 0, 0);
    }
    Ok(id)
}

/// An upload of another run, with how much of it the server has; none where there is no such upload any more.
async fn begun(api: &Api, id: Option<&str>, length: u64) -> Result<Option<(String, u64)>> {
    let Some(id) = id.map(str::trim) else { return Ok(None) };
    let call = api.call::<()>(&OFFSET).path("id", id).header("Tus-Resumable", VERSION);
    let answer = match call.retry(Retry::times(4)).send().await {
        Ok(answer) => answer,
        Err(error) if matches!(error.status(), Some(403 | 404 | 410)) => {
            trace::http::debug(format_args!("an upload is begun anew"), Some(&error));
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let whole = answer.header("upload-length").and_then(|whole| whole.trim().parse::<u64>().ok());
    let offset = offset(&answer).filter(|offset| *offset <= length && whole.is_none_or(|whole| whole == length));
    Ok(offset.map(|offset| (id.to_owned(), offset)))
}

async fn create(api: &Api, name: &str, length: u64, life: Option<Duration>) -> Result<String> {
    let mut facts = format!("filename {}", STANDARD.encode(name));
    if let Some(life) = life {
        facts.push_str(&format!(",ttl {}", STANDARD.encode(life.as_secs().to_string())));
    }
    let made: Located = api
        .call(&CREATE)
        .header("Tus-Resumable", VERSION)
        .header("Upload-Length", length)
        .header("Upload-Metadata", facts)
        .await?;
    placed(&made)
}

/// The id in the place that an answer names.
pub(super) fn placed(made: &Located) -> Result<String> {
    let id = made.id().map(str::to_owned);
    id.ok_or_else(|| Error::decode("temp-contents", "Location", "the answer does not say where the file is", &[]))
}

/// How much of an upload the server has.
async fn where_it_stands(api: &Api, id: &str) -> Result<u64> {
    let call = api.call::<()>(&OFFSET).path("id", id).header("Tus-Resumable", VERSION);
    let answer = call.retry(Retry::times(4)).send().await?;
    offset(&answer).ok_or_else(|| {
        Error::decode("temp-contents", "Upload-Offset", "the answer does not say how much the server has", &[])
    })
}

fn offset(answer: &Response<()>) -> Option<u64> {
    answer.header("upload-offset")?.trim().parse().ok()
}

/// Whether an upload can go on after an error: the network failed, the server is busy with the piece before (423), or
/// stands elsewhere than was thought (409).
fn may_pass(error: &Error) -> bool {
    matches!(error.status(), Some(409 | 423 | 500)) || error.is_retryable()
}

fn asked(error: &Error) -> Option<Duration> {
    match error {
        Error::Http(error) => error.retry_after().map(|asked| asked.min(Duration::from_secs(60))),
        _ => None,
    }
}

fn tell(listener: Option<&Listener>, done: u64, total: u64) {
    if let Some(listener) = listener {
        listener(Progress::new(done, Some(total)));
    }
}
