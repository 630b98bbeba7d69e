//! What a tenant holds when it starts.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::model::{Model, Table};
use crate::rest::{ASSIGNMENT, grant, items};

use super::{App, Clock, Entity, Ids, Object, State};

const CREATED: &str = "2025-03-03T08:00:00.000Z";

/// Apps: name, description, space, and whether they are loaded with the sandbox's data.
const APPS: [(&str, &str, Option<usize>, bool); 14] = [
    ("Outdoor Sales", "Orders of an outdoor wholesaler, by customer and product", Some(0), true),
    ("Margin Explorer", "What is left of each order", Some(0), true),
    ("Customer Portrait", "Who buys what, and how often", Some(0), true),
    ("Quarterly Report", "The figures for the board", Some(1), true),
    ("Warehouse Stock", "", Some(0), false),
    ("Supplier Ratings", "", Some(0), false),
    ("Delivery Times", "", Some(1), false),
    ("Returns", "Why goods come back", Some(1), false),
    ("Price Lists", "", Some(2), false),
    ("Campaigns 2025", "", Some(2), false),
    ("Scratch", "", None, false),
    ("Import Test", "", None, false),
    ("My Notes App", "", None, false),
    ("Old Sales Copy", "", None, false),
];

/// Other items: kind, name, space.
const OTHERS: [(&str, &str, Option<usize>); 18] = [
    ("dataset", "orders.csv", Some(3)),
    ("dataset", "order-lines.csv", Some(3)),
    ("dataset", "customers.csv", Some(3)),
    ("dataset", "products.csv", Some(3)),
    ("dataset", "countries.csv", Some(3)),
    ("dataset", "targets.xlsx", Some(0)),
    ("note", "How we count returns", Some(1)),
    ("note", "Meeting of 12 May", None),
    ("note", "Ideas", None),
    ("automation", "Nightly reload", Some(0)),
    ("automation", "Mail the report", Some(1)),
    ("automation", "Tidy the stage", None),
    ("genericlink", "Price service", Some(2)),
    ("genericlink", "Style guide", Some(2)),
    ("dataasset", "Sales star", Some(3)),
    ("script", "Calendar", Some(0)),
    ("glossary", "Sales terms", Some(0)),
    ("assistant", "Ask about orders", Some(0)),
];

const SPACES: [(&str, &str, &str); 5] = [
    ("Sales", "shared", "Where the sales team works"),
    ("Board", "managed", "Approved figures only"),
    ("Marketing", "shared", ""),
    ("Raw Data", "data", "Files as they arrive"),
    ("Empty Room", "shared", "Nothing in it yet"),
];

const USERS: [(&str, &str); 4] = [
    ("Sam Sandbox", "sam@sandbox.example"),
    ("Ada Alder", "ada@sandbox.example"),
    ("Bo Birch", "bo@sandbox.example"),
    ("Cleo Cedar", "cleo@sandbox.example"),
];

pub(super) fn state(data: Arc<Model>, clock: Clock) -> State {
    let mut ids = Ids::new(2_026);
    let tenant_id = ids.hex24();
    let users: Vec<Json> =
        USERS.iter().enumerate().map(|(n, user)| self::user(&mut ids, &tenant_id, n, *user)).collect();
    let mut state = State {
        ids,
        clock,
        tenant_id,
        me: id_of(&users[0]),
        users,
        spaces: Vec::new(),
        grants: Vec::new(),
        apps: Vec::new(),
        others: Vec::new(),
        data,
        uploads: BTreeMap::new(),
        files: Vec::new(),
        reloads: Vec::new(),
        reload_time: Default::default(),
        reload_failure: None,
    };
    for (name, kind, description) in SPACES {
        state.add_space(name, kind, description, CREATED);
    }
    let mut hour = 0;
    let mut next_stamp = || {
        hour += 1;
        format!("2025-03-{:02}T{:02}:15:00.000Z", 4 + hour / 12, 6 + hour % 12)
    };
    for (name, description, space, loaded) in APPS {
        let mut app = state.new_app(name, None);
        app.description = description.to_owned();
        app.space_id = space.map(|space| id_of(&state.spaces[space]));
        app.created = next_stamp();
        app.modified.clone_from(&app.created);
        if loaded {
            app.script.push_str(&script(&app.source));
            app.reload(&app.created.clone());
            furnish(&mut state.ids, &mut app);
        }
        state.apps.push(app);
    }
    for (number, (kind, name, space)) in OTHERS.into_iter().enumerate() {
        let own = json!({
            "id": state.ids.hex24(),
            "name": name,
            "resourceType": kind,
            "resourceId": state.ids.hex24(),
            "spaceId": space.map(|space| id_of(&state.spaces[space])),
            "ownerId": state.users[number % USERS.len()]["id"],
            "createdAt": next_stamp(),
        });
        state.others.push(items::item(&state.tenant_id, own));
    }
    for (space, user, role) in [(0, 1, "producer"), (0, 2, "consumer"), (1, 3, "publisher")] {
        let own = json!({ "type": "user", "assigneeId": state.users[user]["id"], "roles": [role] });
        let space = id_of(&state.spaces[space]);
        grant(&mut state, ASSIGNMENT, &space, own);
    }
    state
}

/// A script that loads the data.
fn script(source: &Model) -> String {
    let load = |table: &Table| format!("{0}:\r\nLOAD * FROM [lib://DataFiles/{0}.csv];\r\n", table.name);
    format!("///$tab Data\r\n{}", source.tables.iter().map(load).collect::<String>())
}

fn id_of(document: &Json) -> String {
    document["id"].as_str().unwrap_or_default().to_owned()
}

fn user(ids: &mut Ids, tenant_id: &str, place: usize, (name, email): (&str, &str)) -> Json {
    let role = if place == 0 { ("TenantAdmin", "admin") } else { ("Developer", "user") };
    json!({
        "id": ids.hex24(),
        "tenantId": tenant_id,
        "subject": format!("auth0|{email}"),
        "name": name,
        "email": email,
        "status": "active",
        "createdAt": CREATED,
        "lastUpdatedAt": CREATED,
        "assignedRoles": [{ "id": ids.hex24(), "name": role.0, "type": "default", "level": role.1 }],
        "assignedGroups": [],
    })
}

/// A sheet with two charts, master items and a variable, as any app of a real tenant has some.
fn furnish(ids: &mut Ids, app: &mut App) {
    let mut keep = |entity, kind: &str, parent: Option<&str>, mut properties: Json| {
        let id = ids.uuid();
        properties["qInfo"] = json!({ "qId": id, "qType": kind });
        let parent = parent.map(str::to_owned);
        app.objects.0.push(Object { entity, id: id.clone(), parent, properties, saved: Json::Null });
        id
    };
    let sheet = json!({
        "qMetaDef": { "title": "Overview", "description": "Sales by region and month" },
        "qChildListDef": { "qData": { "title": "/title" } },
        "rank": 0, "columns": 24, "rows": 12, "cells": [],
    });
    let sheet = keep(Entity::Object, "sheet", None, sheet);
    for (kind, title, dimension) in
        [("barchart", "Sales by region", "Region"), ("linechart", "Sales by month", "Month")]
    {
        let sorting = json!([{ "qSortByNumeric": 1, "qSortByAscii": 1 }]);
        let chart = json!({
            "qMetaDef": {},
            "title": title,
            "visualization": kind,
            "qHyperCubeDef": {
                "qDimensions": [{ "qDef": { "qFieldDefs": [dimension], "qSortCriterias": sorting } }],
                "qMeasures": [{ "qDef": { "qLabel": "Sales", "qDef": "Sum(Sales)" } }],
                "qInitialDataFetch": [{ "qWidth": 2, "qHeight": 100 }],
            },
        });
        keep(Entity::Object, kind, Some(&sheet), chart);
    }
    let region = json!({
        "qMetaDef": { "title": "Sales region" },
        "qDim": { "qGrouping": "N", "qFieldDefs": ["Region"], "qFieldLabels": ["Sales region"] },
    });
    keep(Entity::Dimension, "dimension", None, region);
    let sales = json!({ "qMetaDef": { "title": "Sales" }, "qMeasure": { "qLabel": "Sales", "qDef": "Sum(Sales)" } });
    keep(Entity::Measure, "measure", None, sales);
    let target = json!({
        "qMetaDef": {}, "qName": "vTarget", "qComment": "What the year should bring", "qDefinition": "1000000",
    });
    keep(Entity::Variable, "variable", None, target);
}
