//! The data files API.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::page::{self, Limit};
use super::{Answer, Outcome, Problem, Request, temp};
use crate::tenant::{DataFile, State, Tenant, clock};

fn shown(file: &DataFile) -> Json {
    json!({
        "id": file.id,
        "name": file.name,
        "baseName": file.name,
        "ownerId": file.owner_id,
        "spaceId": file.space_id,
        "size": file.bytes.len(),
        "createdDate": file.created,
        "modifiedDate": file.modified,
        "contentUpdatedDate": file.modified,
        "contentUpdatedByUserId": file.owner_id,
        "qri": format!("qdf:qix-datafiles:sandbox:{}", file.name),
        "actions": ["read", "update", "delete", "list", "change_owner", "change_space"],
        "folder": false,
        "folderStats": {
            "aggregateAppScopedFileSize": 0, "aggregateFileSize": 0, "aggregateInternalFileSize": 0,
            "directAppScopedFileCount": 0, "directFileCount": 0, "directFolderCount": 0, "directInternalFileCount": 0,
            "totalAppScopedFileCount": 0, "totalFileCount": 0, "totalFolderCount": 0, "totalInternalFileCount": 0,
        },
    })
}

pub(super) fn list(tenant: &Tenant, request: &Request) -> Outcome {
    let state = tenant.state();
    let everywhere = request.query("includeAllSpaces") == Some("true");
    let fits = |file: &&DataFile| {
        let space = file.space_id.as_deref();
        let here =
            connection(&state, request.query("connectionId")).map_or(everywhere || space.is_none(), |at| space == at);
        here && request.query("name").is_none_or(|name| file.name == name)
            && request.query("ownerId").is_none_or(|owner| file.owner_id == owner)
    };
    let mut files: Vec<Json> = state.files.iter().filter(fits).map(shown).collect();
    drop(state);
    let fields = ["baseName", "size", "modifiedDate", "name"];
    page::sort(request, &mut files, &fields, "+baseName")?;
    Ok(Answer::ok(page::page(request, files, Limit { default: 20, most: 1_000 })?))
}

/// The space that a connection's files are in; the id of the connection is made of the space's.
fn connection<'a>(state: &'a State, id: Option<&str>) -> Option<Option<&'a str>> {
    let id = id?;
    let spaces = state.spaces.iter().filter_map(|space| space["id"].as_str());
    std::iter::once(None).chain(spaces.map(Some)).find(|space| connection_id(*space) == id)
}

fn connection_id(space: Option<&str>) -> String {
    let seed = super::synth::seed(space.unwrap_or("personal"));
    crate::tenant::Ids::new(seed).uuid()
}

fn connection_shown(space: Option<&Json>) -> Json {
    let id = space.and_then(|space| space["id"].as_str());
    json!({
        "id": connection_id(id),
        "name": "DataFiles",
        "type": "qix-datafiles.exe",
        "spaceId": id,
        "connectStatement": format!("CUSTOM CONNECT TO \"provider=qix-datafiles.exe;path={}\"", id.unwrap_or_default()),
    })
}

pub(super) fn connections(tenant: &Tenant, request: &Request) -> Outcome {
    let state = tenant.state();
    let all = std::iter::once(None).chain(state.spaces.iter().map(Some)).map(connection_shown);
    let wanted = |shown: &Json| request.query("spaceId").is_none_or(|space| shown["spaceId"] == space);
    let found: Vec<Json> = all.filter(wanted).collect();
    Ok(Answer::ok(page::page(request, found, Limit { default: 20, most: 1_000 })?))
}

pub(super) fn one_connection(tenant: &Tenant, id: &str) -> Outcome {
    let state = tenant.state();
    let mut all = std::iter::once(None).chain(state.spaces.iter().map(Some)).map(connection_shown);
    all.find(|shown| shown["id"] == id).map(Answer::ok).ok_or_else(|| Problem::not_found("connection", id))
}

pub(super) fn quotas(tenant: &Tenant) -> Outcome {
    let size: usize = tenant.state().files.iter().map(|file| file.bytes.len()).sum();
    Ok(Answer::ok(json!({
        "size": size, "maxSize": 1_000_000_000, "maxFileSize": 500_000_000, "maxLargeFileSize": 500_000_000,
        "allowedExtensions": ["csv", "txt", "qvd", "xlsx", "json", "parquet"], "allowedInternalExtensions": [],
    })))
}

/// What the part `Json` says.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Told {
    name: Option<String>,
    connection_id: Option<String>,
    temp_content_file_id: Option<String>,
    folder_path: Option<String>,
}

/// What a multipart body brings: what is said of the file, and its bytes, sent along or uploaded before.
fn brought(tenant: &Tenant, request: &Request) -> Result<(Told, bytes::Bytes), Problem> {
    let part = |name: &str| request.parts.iter().find(|part| part.name.eq_ignore_ascii_case(name));
    let told: Told = match part("Json") {
        Some(part) => serde_json::from_slice(&part.bytes)
            .map_err(|error| Problem::pointer("/Json", &format!("does not read: {error}")))?,
        None => Told::default(),
    };
    let bytes = match (part("File"), &told.temp_content_file_id) {
        (Some(part), _) => part.bytes.clone(),
        (None, Some(id)) => temp::whole(tenant, id)?.into(),
        (None, None) => return Err(Problem::pointer("/File", "is missing: send it, or a tempContentFileId in Json")),
    };
    let name = told.name.clone().or_else(|| part("File").and_then(|part| part.file_name.clone()));
    Ok((Told { name, ..told }, bytes))
}

pub(super) fn create(tenant: &Tenant, request: &Request) -> Outcome {
    let (told, bytes) = brought(tenant, request)?;
    let name = told.name.filter(|name| !name.is_empty()).ok_or_else(|| Problem::pointer("/Json/name", "is missing"))?;
    let name = told.folder_path.map_or_else(|| name.clone(), |folder| format!("{}/{name}", folder.trim_matches('/')));
    let mut state = tenant.state();
    let space_id = match told.connection_id.as_deref() {
        None => None,
        Some(id) => {
            connection(&state, Some(id)).ok_or_else(|| Problem::not_found("connection", id))?.map(str::to_owned)
        }
    };
    if state.files.iter().any(|file| file.name == name && file.space_id == space_id) {
        return Err(Problem::conflict(&format!("There is a file {name} already")).coded("DF-009"));
    }
    let (id, now) = (state.ids.uuid(), clock::written(tenant.clock.millis()));
    let owner_id = request.caller.user.clone();
    let file = DataFile { id, name, space_id, owner_id, bytes, created: now.clone(), modified: now };
    let answer = Answer::created(shown(&file));
    state.files.push(file);
    Ok(answer)
}

fn place(state: &State, id: &str) -> Result<usize, Problem> {
    let place = state.files.iter().position(|file| file.id == id);
    place.ok_or_else(|| Problem::not_found("data file", id))
}

pub(super) fn get(tenant: &Tenant, id: &str) -> Outcome {
    let state = tenant.state();
    Ok(Answer::ok(shown(&state.files[place(&state, id)?])))
}

pub(super) fn replace(tenant: &Tenant, request: &Request, id: &str) -> Outcome {
    let (told, bytes) = brought(tenant, request)?;
    let mut state = tenant.state();
    let place = place(&state, id)?;
    let file = &mut state.files[place];
    file.bytes = bytes;
    file.modified = clock::written(tenant.clock.millis());
    if let Some(name) = told.name {
        file.name = name;
    }
    Ok(Answer::created(shown(file)))
}

pub(super) fn delete(tenant: &Tenant, id: &str) -> Outcome {
    let mut state = tenant.state();
    let place = place(&state, id)?;
    state.files.remove(place);
    Ok(Answer::empty(204))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct To {
    id: Option<String>,
    space_id: Option<String>,
    owner_id: Option<String>,
}

fn to(state: &mut State, id: &str, to: &To) -> Result<(), Problem> {
    let place = place(state, id)?;
    match &to.owner_id {
        Some(owner) => owner.clone_into(&mut state.files[place].owner_id),
        None => {
            if let Some(space) = to.space_id.as_deref().filter(|space| state.space(space).is_none()) {
                return Err(Problem::not_found("space", space));
            }
            state.files[place].space_id.clone_from(&to.space_id);
        }
    }
    Ok(())
}

/// Gives a file another owner or another space.
pub(super) fn change(tenant: &Tenant, request: &Request, id: &str) -> Outcome {
    let change: To = request.json()?;
    to(&mut tenant.state(), id, &change)?;
    Ok(Answer::empty(204))
}

/// Does to many files what can be done to one, and says of each how that went.
pub(super) fn many(tenant: &Tenant, request: &Request, key: &str) -> Outcome {
    let body: Json = request.json()?;
    let entries: Vec<To> =
        serde_json::from_value(body[key].clone()).map_err(|error| Problem::bad(&error.to_string()))?;
    let results = entries.iter().map(|entry| {
        let id = entry.id.as_deref().unwrap_or_default();
        let done = match key {
            "delete" => delete(tenant, id).map(|_| ()),
            _ => to(&mut tenant.state(), id, entry),
        };
        let status = done.map_or_else(|problem| problem.status, |()| 204);
        json!({ "id": id, "status": status, "code": format!("HTTP-{status}") })
    });
    let results: Vec<Json> = results.collect();
    Ok(Answer { status: 207, ..Answer::ok(json!({ "data": results })) })
}
