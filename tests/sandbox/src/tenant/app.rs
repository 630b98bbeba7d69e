//! Apps, and the objects and variables that are stored in them.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::Ids;
use crate::model::Model;

/// An app, whether of the tenant or of one session only.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) item_id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) owner_id: String,
    pub(crate) space_id: Option<String>,
    pub(crate) usage: String,
    pub(crate) published: bool,
    /// Files that belong to the app, by path.
    pub(crate) media: BTreeMap<String, Bytes>,
    pub(crate) origin: String,
    pub(crate) created: String,
    pub(crate) modified: String,
    /// Empty until the first reload.
    pub(crate) reloaded: String,
    pub(crate) script: String,
    pub(crate) versions: Vec<Version>,
    pub(crate) data: Arc<Model>,
    /// What a reload loads, whatever the script says.
    pub(crate) source: Arc<Model>,
    pub(crate) objects: Objects,
}

impl App {
    /// A new app without data.
    pub(crate) fn new(ids: &mut Ids, name: &str, owner_id: &str, source: &Arc<Model>, now: String) -> Self {
        Self {
            id: ids.uuid(),
            item_id: ids.hex24(),
            name: name.to_owned(),
            description: String::new(),
            owner_id: owner_id.to_owned(),
            space_id: None,
            usage: "ANALYTICS".to_owned(),
            published: false,
            media: BTreeMap::new(),
            origin: String::new(),
            created: now.clone(),
            modified: now,
            reloaded: String::new(),
            script: "///$tab Main\r\nSET DateFormat='YYYY-MM-DD';\r\n".to_owned(),
            data: Arc::default(),
            source: Arc::clone(source),
            objects: Objects::default(),
            versions: Vec::new(),
        }
    }

    /// Loads the data anew.
    pub(crate) fn reload(&mut self, now: &str) {
        self.data = Arc::clone(&self.source);
        now.clone_into(&mut self.reloaded);
        now.clone_into(&mut self.modified);
    }

    /// The app as the apps API shows it.
    pub(crate) fn attributes(&self) -> Json {
        json!({
            "attributes": {
                "id": self.id,
                "name": self.name,
                "description": self.description,
                "thumbnail": "",
                "lastReloadTime": self.reloaded,
                "createdDate": self.created,
                "modifiedDate": self.modified,
                "owner": "auth0|sandbox",
                "ownerId": self.owner_id,
                "spaceId": self.space_id.clone().unwrap_or_default(),
                "dynamicColor": "",
                "published": self.published,
                "publishTime": "",
                "custom": {},
                "hasSectionAccess": false,
                "encrypted": false,
                "originAppId": self.origin,
                "isDirectQueryMode": false,
                "usage": self.usage,
                "_resourcetype": "app",
            },
            "privileges": PRIVILEGES,
            "create": [
                { "resource": "sheet", "canCreate": true },
                { "resource": "bookmark", "canCreate": true },
                { "resource": "dimension", "canCreate": true },
                { "resource": "measure", "canCreate": true },
            ],
        })
    }
}

/// What the sandbox's user may do with an app.
pub(crate) const PRIVILEGES: [&str; 8] =
    ["read", "update", "delete", "reload", "export", "duplicate", "change_owner", "change_space"];

/// A version of an app's script.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) id: String,
    pub(crate) script: String,
    pub(crate) modifier: String,
    pub(crate) modified: String,
    pub(crate) message: String,
}

/// The classes of what an app keeps under an id.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) enum Entity {
    Object,
    Dimension,
    Measure,
    Bookmark,
    Variable,
}

/// A generic object, a master item, a bookmark or a variable.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Object {
    pub(crate) entity: Entity,
    pub(crate) id: String,
    pub(crate) parent: Option<String>,
    pub(crate) properties: Json,
    /// The selections of a bookmark.
    pub(crate) saved: Json,
}

impl Object {
    pub(crate) fn kind(&self) -> &str {
        self.properties.pointer("/qInfo/qType").and_then(Json::as_str).unwrap_or_default()
    }

    pub(crate) fn info(&self) -> Json {
        json!({ "qId": self.id, "qType": self.kind() })
    }

    /// The name of a variable.
    pub(crate) fn name(&self) -> &str {
        self.properties["qName"].as_str().unwrap_or_default()
    }

    /// What a variable stands for.
    pub(crate) fn definition(&self) -> &str {
        self.properties["qDefinition"].as_str().unwrap_or_default()
    }
}

/// Such objects in the order of their creation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Objects(pub(crate) Vec<Object>);

impl Objects {
    pub(crate) fn get(&self, id: &str) -> Option<&Object> {
        self.0.iter().find(|object| object.id == id)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Object> {
        self.0.iter_mut().find(|object| object.id == id)
    }

    pub(crate) fn children<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Object> {
        self.0.iter().filter(move |object| object.parent.as_deref() == Some(id))
    }

    /// Takes an object out, with all below it. The ids of those that went.
    pub(crate) fn remove(&mut self, id: &str) -> Vec<String> {
        if self.get(id).is_none() {
            return Vec::new();
        }
        let mut gone = vec![id.to_owned()];
        let mut next = 0;
        while let Some(parent) = gone.get(next).cloned() {
            gone.extend(self.children(&parent).map(|child| child.id.clone()));
            next += 1;
        }
        self.0.retain(|object| !gone.contains(&object.id));
        gone
    }
}
