//! Temporary contents: whole, or piece by piece as tus has it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{Answer, Ask, Outcome, Problem};
use crate::tenant::{State, Tenant, Upload, clock};

const TUS: &str = "1.0.0";
/// The longest time a content is kept, in seconds.
const LONGEST: u64 = 259_200;

fn gone(id: &str) -> Problem {
    Problem::new(410, "Gone", &format!("The content {id} has expired"))
}

/// The content of an id, unless its time is over.
pub(super) fn find<'a>(state: &'a mut State, id: &str, now: u64) -> Result<&'a mut Upload, Problem> {
    match state.uploads.get_mut(id) {
        None => Err(Problem::not_found("content", id)),
        Some(upload) if upload.expires <= now => Err(gone(id)),
        Some(upload) => Ok(upload),
    }
}

/// The bytes of a content that is whole.
pub(super) fn whole(tenant: &Tenant, id: &str) -> Result<Vec<u8>, Problem> {
    let now = tenant.clock.seconds();
    let mut state = tenant.state();
    let upload = find(&mut state, id, now)?;
    match upload.is_whole() {
        true => Ok(upload.bytes.clone()),
        false => Err(Problem::conflict(&format!("The content {id} is not whole yet"))),
    }
}

/// Keeps a content; where to get it.
pub(super) fn keep(tenant: &Tenant, name: &str, bytes: Vec<u8>, length: usize, ttl: u64) -> String {
    let expires = tenant.clock.seconds() + ttl.min(LONGEST);
    let mut state = tenant.state();
    let id = state.ids.hex24();
    state.uploads.insert(id.clone(), Upload { name: name.to_owned(), bytes, length, expires });
    id
}

pub(super) fn upload(ask: &Ask<'_>) -> Outcome {
    let ttl = ask.query("ttl").and_then(|ttl| ttl.parse().ok()).unwrap_or(3_600);
    let name = ask.query("filename").unwrap_or("content");
    let id = keep(ask.tenant, name, ask.body.to_vec(), ask.body.len(), ttl);
    Ok(Answer::empty(201).with("location", format!("/v1/temp-contents/{id}")))
}

pub(super) fn download(ask: &Ask<'_>) -> Outcome {
    let now = ask.tenant.clock.seconds();
    let mut state = ask.state();
    let upload = find(&mut state, ask.id(), now)?;
    if !upload.is_whole() {
        return Ok(Answer::empty(204));
    }
    let kind = if ask.query("inline") == Some("1") { "inline" } else { "attachment" };
    let shown = format!("{kind}; filename=\"{}\"", upload.name.replace('"', ""));
    let whole = || Answer::file("application/octet-stream", upload.bytes.clone());
    let answer = match ask.header("range").map(|range| part(range, upload.bytes.len())) {
        None => whole(),
        Some(Some((from, to))) => {
            let told = format!("bytes {from}-{to}/{}", upload.bytes.len());
            let part = Answer::file("application/octet-stream", &upload.bytes[from..=to]);
            Answer { status: 206, ..part }.with("content-range", told)
        }
        Some(None) => return Err(Problem::new(416, "Range Not Satisfiable", "The content has no such bytes")),
    };
    Ok(answer.with("content-disposition", shown).with("accept-ranges", "bytes"))
}

/// The first and the last byte of a range.
fn part(range: &str, length: usize) -> Option<(usize, usize)> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    let last = length.checked_sub(1)?;
    let (from, to) = match (from, to) {
        ("", count) => (length.saturating_sub(count.parse().ok()?), last),
        (from, "") => (from.parse().ok()?, last),
        (from, to) => (from.parse().ok()?, to.parse::<usize>().ok()?.min(last)),
    };
    (from <= to).then_some((from, to))
}

pub(super) fn details(ask: &Ask<'_>) -> Outcome {
    let now = ask.tenant.clock.seconds();
    let mut state = ask.state();
    let upload = find(&mut state, ask.id(), now)?;
    Ok(Answer::ok(json!({
        "ID": ask.id(),
        "Name": upload.name,
        "Size": upload.bytes.len().to_string(),
        "Expires": clock::written(upload.expires * 1_000),
        "TTLSeconds": upload.expires - now,
    })))
}

/// Begins an upload by pieces.
pub(super) fn begin(ask: &Ask<'_>) -> Outcome {
    version(ask)?;
    let length = number(ask, "upload-length")?;
    let entries = ask.header("upload-metadata").unwrap_or_default().split(',');
    let told = |name: &str| {
        let pair = entries.clone().filter_map(|entry| entry.trim().split_once(' ')).find(|(known, _)| *known == name);
        pair.and_then(|(_, value)| String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok())
    };
    let ttl = told("ttl").and_then(|ttl| ttl.parse().ok()).unwrap_or(3_600);
    let name = told("filename").unwrap_or_else(|| "content".to_owned());
    let id = keep(ask.tenant, &name, Vec::new(), length, ttl);
    let location = format!("{}/api/v1/temp-contents/files/{id}", ask.origin);
    Ok(Answer::empty(201).with("location", location).with("tus-resumable", TUS))
}

/// How far an upload by pieces is.
pub(super) fn progress(ask: &Ask<'_>) -> Outcome {
    version(ask)?;
    let now = ask.tenant.clock.seconds();
    let mut state = ask.state();
    let upload = find(&mut state, ask.id(), now)?;
    let told = Answer::empty(200).with("upload-offset", upload.bytes.len().to_string());
    Ok(told
        .with("upload-length", upload.length.to_string())
        .with("tus-resumable", TUS)
        .with("cache-control", "no-store"))
}

/// Takes a piece.
pub(super) fn piece(ask: &Ask<'_>) -> Outcome {
    version(ask)?;
    let offset = number(ask, "upload-offset")?;
    let now = ask.tenant.clock.seconds();
    let mut state = ask.state();
    let upload = find(&mut state, ask.id(), now)?;
    if offset != upload.bytes.len() {
        return Err(Problem::conflict(&format!("The next byte is {}, not {offset}", upload.bytes.len())));
    }
    if upload.bytes.len() + ask.body.len() > upload.length {
        return Err(Problem::too_large());
    }
    upload.bytes.extend_from_slice(&ask.body);
    let offset = upload.bytes.len().to_string();
    Ok(Answer::empty(204).with("upload-offset", offset).with("tus-resumable", TUS))
}

fn version(ask: &Ask<'_>) -> Result<(), Problem> {
    match ask.header("tus-resumable") {
        Some(TUS) => Ok(()),
        _ => Err(Problem::new(412, "Precondition Failed", "Tus-Resumable has to be 1.0.0")),
    }
}

fn number(ask: &Ask<'_>, name: &str) -> Result<usize, Problem> {
    let value = ask.header(name).and_then(|value| value.parse().ok());
    value.ok_or_else(|| Problem::parameter(name, "has to be a number"))
}
