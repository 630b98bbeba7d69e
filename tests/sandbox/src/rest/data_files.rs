//! The data files API.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::page::List;
use super::{Answer, Ask, Outcome, Problem, synth, temp};
use crate::tenant::{DataFile, Ids, State};

const LIST: List =
    List { sort: &["baseName", "size", "modifiedDate", "name"], by: "+baseName", default: 20, most: 1_000 };

impl DataFile {
    fn shown(&self) -> Json {
        json!({
            "id": self.id,
            "name": self.name,
            "baseName": self.name,
            "ownerId": self.owner_id,
            "spaceId": self.space_id,
            "size": self.bytes.len(),
            "createdDate": self.created,
            "modifiedDate": self.modified,
            "contentUpdatedDate": self.modified,
            "contentUpdatedByUserId": self.owner_id,
            "qri": format!("qdf:qix-datafiles:sandbox:{}", self.name),
            "actions": ["read", "update", "delete", "list", "change_owner", "change_space"],
            "folder": false,
            "folderStats": {
                "aggregateAppScopedFileSize": 0, "aggregateFileSize": 0, "aggregateInternalFileSize": 0,
                "directAppScopedFileCount": 0, "directFileCount": 0, "directFolderCount": 0,
                "directInternalFileCount": 0, "totalAppScopedFileCount": 0, "totalFileCount": 0,
                "totalFolderCount": 0, "totalInternalFileCount": 0,
            },
        })
    }
}

pub(super) fn list(ask: &Ask<'_>) -> Outcome {
    let state = ask.state();
    let everywhere = ask.query("includeAllSpaces") == Some("true");
    let connection = ask.query("connectionId").and_then(|id| connection_of(&state, id));
    let fits = |file: &&DataFile| {
        let here = connection.as_ref().map_or(everywhere || file.space_id.is_none(), |at| file.space_id == *at);
        here && ask.query("name").is_none_or(|name| file.name == name)
            && ask.query("ownerId").is_none_or(|owner| file.owner_id == owner)
    };
    let files = state.files.iter().filter(fits).map(DataFile::shown).collect();
    Ok(Answer::ok(LIST.page(ask, files)?))
}

/// The connections of the personal space and of all others; the id of each is made of the space's.
fn all_connections(state: &State) -> Vec<Json> {
    let spaces = state.spaces.iter().map(|space| &space["id"]);
    let shown = |space: &Json| {
        let id = space.as_str().unwrap_or("personal");
        let path = space.as_str().unwrap_or_default();
        json!({
            "id": Ids::new(synth::seed(id)).uuid(),
            "name": "DataFiles",
            "type": "qix-datafiles.exe",
            "spaceId": space,
            "connectStatement": format!("CUSTOM CONNECT TO \"provider=qix-datafiles.exe;path={path}\""),
        })
    };
    std::iter::once(&Json::Null).chain(spaces).map(shown).collect()
}

/// The space of a connection's files; the outer option says whether there is such a connection.
fn connection_of(state: &State, id: &str) -> Option<Option<String>> {
    let found = all_connections(state).into_iter().find(|shown| shown["id"] == id)?;
    Some(found["spaceId"].as_str().map(str::to_owned))
}

pub(super) fn connections(ask: &Ask<'_>) -> Outcome {
    let mut all = all_connections(&ask.state());
    all.retain(|shown| ask.query("spaceId").is_none_or(|space| shown["spaceId"] == space));
    Ok(Answer::ok(List { by: "", ..LIST }.page(ask, all)?))
}

pub(super) fn one_connection(ask: &Ask<'_>) -> Outcome {
    let found = all_connections(&ask.state()).into_iter().find(|shown| shown["id"] == ask.id());
    found.map(Answer::ok).ok_or_else(|| Problem::not_found("connection", ask.id()))
}

pub(super) fn quotas(ask: &Ask<'_>) -> Outcome {
    let size: usize = ask.state().files.iter().map(|file| file.bytes.len()).sum();
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
fn brought(ask: &Ask<'_>) -> Result<(Told, bytes::Bytes), Problem> {
    let part = |name: &str| ask.parts.iter().find(|part| part.name.eq_ignore_ascii_case(name));
    let told: Told = match part("Json") {
        Some(part) => serde_json::from_slice(&part.bytes)
            .map_err(|error| Problem::pointer("/Json", &format!("does not read: {error}")))?,
        None => Told::default(),
    };
    let bytes = match (part("File"), &told.temp_content_file_id) {
        (Some(part), _) => part.bytes.clone(),
        (None, Some(id)) => temp::whole(ask.tenant, id)?.into(),
        (None, None) => return Err(Problem::pointer("/File", "is missing: send it, or a tempContentFileId in Json")),
    };
    let name = told.name.clone().or_else(|| part("File").and_then(|part| part.file_name.clone()));
    Ok((Told { name, ..told }, bytes))
}

pub(super) fn create(ask: &Ask<'_>) -> Outcome {
    let (told, bytes) = brought(ask)?;
    let name = told.name.filter(|name| !name.is_empty()).ok_or_else(|| Problem::pointer("/Json/name", "is missing"))?;
    let name = told.folder_path.map_or_else(|| name.clone(), |folder| format!("{}/{name}", folder.trim_matches('/')));
    let mut state = ask.state();
    let space_id = match told.connection_id.as_deref() {
        None => None,
        Some(id) => connection_of(&state, id).ok_or_else(|| Problem::not_found("connection", id))?,
    };
    if state.files.iter().any(|file| file.name == name && file.space_id == space_id) {
        return Err(Problem::conflict(&format!("There is a file {name} already")).coded("DF-009"));
    }
    let (id, now) = (state.ids.uuid(), state.stamp());
    let owner_id = ask.caller.user.clone();
    let file = DataFile { id, name, space_id, owner_id, bytes, created: now.clone(), modified: now };
    let answer = Answer::created(file.shown());
    state.files.push(file);
    Ok(answer)
}

fn place(state: &State, id: &str) -> Result<usize, Problem> {
    let place = state.files.iter().position(|file| file.id == id);
    place.ok_or_else(|| Problem::not_found("data file", id))
}

pub(super) fn get(ask: &Ask<'_>) -> Outcome {
    let state = ask.state();
    Ok(Answer::ok(state.files[place(&state, ask.id())?].shown()))
}

pub(super) fn replace(ask: &Ask<'_>) -> Outcome {
    let (told, bytes) = brought(ask)?;
    let mut state = ask.state();
    let (place, now) = (place(&state, ask.id())?, state.stamp());
    let file = &mut state.files[place];
    (file.bytes, file.modified) = (bytes, now);
    file.name = told.name.unwrap_or_else(|| file.name.clone());
    Ok(Answer::created(file.shown()))
}

pub(super) fn delete(ask: &Ask<'_>) -> Outcome {
    delete_one(&mut ask.state(), ask.id())?;
    Ok(Answer::empty(204))
}

fn delete_one(state: &mut State, id: &str) -> Result<(), Problem> {
    let place = place(state, id)?;
    state.files.remove(place);
    Ok(())
}

/// Gives a file another owner or another space.
pub(super) fn change(ask: &Ask<'_>) -> Outcome {
    change_one(&mut ask.state(), ask.id(), &ask.json()?)?;
    Ok(Answer::empty(204))
}

fn change_one(state: &mut State, id: &str, change: &Json) -> Result<(), Problem> {
    let place = place(state, id)?;
    if let Some(owner) = change["ownerId"].as_str() {
        owner.clone_into(&mut state.files[place].owner_id);
        return Ok(());
    }
    let space = change["spaceId"].as_str();
    if let Some(space) = space.filter(|space| state.space(space).is_none()) {
        return Err(Problem::not_found("space", space));
    }
    state.files[place].space_id = space.map(str::to_owned);
    Ok(())
}

/// Does to many files what can be done to one, and says of each how that went.
pub(super) fn many(ask: &Ask<'_>, key: &str) -> Outcome {
    let body: Json = ask.json()?;
    let mut state = ask.state();
    let results = body[key].as_array().into_iter().flatten().map(|entry| {
        let id = entry["id"].as_str().unwrap_or_default();
        let done = match key {
            "delete" => delete_one(&mut state, id),
            _ => change_one(&mut state, id, entry),
        };
        let status = done.map_or_else(|problem| problem.status, |()| 204);
        json!({ "id": id, "status": status, "code": format!("HTTP-{status}") })
    });
    let results: Vec<Json> = results.collect();
    Ok(Answer { status: 207, ..Answer::ok(json!({ "data": results })) })
}
