//! What a tenant holds when it starts.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::model::Model;

use super::{App, Entity, Ids, Item, Object, State, Variable};

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

pub(super) fn state(data: Arc<Model>) -> State {
    let mut ids = Ids::new(2_026);
    let tenant_id = ids.hex24();
    let users: Vec<Json> =
        USERS.iter().enumerate().map(|(place, user)| self::user(&mut ids, &tenant_id, place, *user)).collect();
    let owner = |place: usize| users[place]["id"].as_str().unwrap_or_default().to_owned();
    let me = owner(0);
    let spaces: Vec<Json> = SPACES
        .iter()
        .map(|(name, kind, description)| {
            crate::rest::spaces::space(&ids.hex24(), name, kind, description, &me, &tenant_id, CREATED)
        })
        .collect();
    let space = |place: Option<usize>| place.map(|place| spaces[place]["id"].as_str().unwrap_or_default().to_owned());
    let mut hour = 0;
    let mut next_stamp = || {
        hour += 1;
        format!("2025-03-{:02}T{:02}:15:00.000Z", 4 + hour / 12, 6 + hour % 12)
    };
    let mut apps = Vec::new();
    for (name, description, place, loaded) in APPS {
        let mut app = App::new(&mut ids, name, &me, &data);
        app.description = description.to_owned();
        app.space_id = space(place);
        app.created = next_stamp();
        app.modified.clone_from(&app.created);
        if loaded {
            app.script.push_str(SCRIPT);
            app.reload();
            app.reloaded.clone_from(&app.created);
            app.modified.clone_from(&app.created);
            furnish(&mut ids, &mut app);
        }
        apps.push(app);
    }
    let others = OTHERS.iter().enumerate().map(|(number, (kind, name, place))| {
        let created = next_stamp();
        Item {
            id: ids.hex24(),
            name: (*name).to_owned(),
            description: String::new(),
            resource_type: (*kind).to_owned(),
            resource_id: ids.hex24(),
            space_id: space(*place),
            owner_id: owner(number % USERS.len()),
            updated: created.clone(),
            created,
            attributes: json!({}),
        }
    });
    let others = others.collect();
    let mut state = State {
        ids,
        tenant_id,
        me,
        users,
        spaces,
        assignments: Vec::new(),
        apps,
        others,
        data,
        uploads: BTreeMap::new(),
        files: Vec::new(),
        reloads: Vec::new(),
        reload_time: Default::default(),
        reload_failure: None,
    };
    let places = [(0, 1, "producer"), (0, 2, "consumer"), (1, 3, "publisher")];
    for (space, user, role) in places {
        let text = |value: &Json| value["id"].as_str().unwrap_or_default().to_owned();
        let (space, user) = (text(&state.spaces[space]), text(&state.users[user]));
        crate::rest::spaces::assign(&mut state, &space, "user", &user, &json!([role]));
    }
    state
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

/// A sheet with two charts and a variable, as any app of a real tenant has some.
fn furnish(ids: &mut Ids, app: &mut App) {
    let mut object = |parent: Option<&str>, mut properties: Json| {
        let id = ids.uuid();
        properties["qInfo"]["qId"] = json!(id);
        app.objects.0.push(Object {
            entity: Entity::Object,
            id: id.clone(),
            parent: parent.map(str::to_owned),
            properties,
            saved: Json::Null,
        });
        id
    };
    let sheet = object(
        None,
        json!({
            "qInfo": { "qType": "sheet" },
            "qMetaDef": { "title": "Overview", "description": "Sales by region and month" },
            "qChildListDef": { "qData": { "title": "/title" } },
            "rank": 0, "columns": 24, "rows": 12, "cells": [],
        }),
    );
    for (kind, title, dimension) in
        [("barchart", "Sales by region", "Region"), ("linechart", "Sales by month", "Month")]
    {
        object(
            Some(&sheet),
            json!({
                "qInfo": { "qType": kind },
                "qMetaDef": {},
                "title": title,
                "visualization": kind,
                "qHyperCubeDef": {
                    "qDimensions": [{ "qDef": { "qFieldDefs": [dimension], "qSortCriterias": [{ "qSortByNumeric": 1, "qSortByAscii": 1 }] } }],
                    "qMeasures": [{ "qDef": { "qLabel": "Sales", "qDef": "Sum(Sales)" } }],
                    "qInitialDataFetch": [{ "qWidth": 2, "qHeight": 100 }],
                },
            }),
        );
    }
    let mut item = |entity, kind: &str, member: &str, title: &str, definition: Json| {
        let id = ids.uuid();
        let mut properties = json!({ "qInfo": { "qId": id, "qType": kind }, "qMetaDef": { "title": title } });
        properties[member] = definition;
        app.objects.0.push(Object { entity, id, parent: None, properties, saved: Json::Null });
    };
    let region = json!({ "qGrouping": "N", "qFieldDefs": ["Region"], "qFieldLabels": ["Sales region"] });
    item(Entity::Dimension, "dimension", "qDim", "Sales region", region);
    item(Entity::Measure, "measure", "qMeasure", "Sales", json!({ "qLabel": "Sales", "qDef": "Sum(Sales)" }));
    let id = ids.uuid();
    app.variables.push(Variable {
        properties: json!({ "qInfo": { "qId": id, "qType": "variable" }, "qMetaDef": {}, "qName": "vTarget",
            "qComment": "What the year should bring", "qDefinition": "1000000" }),
        id,
    });
}

const SCRIPT: &str = "///$tab Data\r\nOrderLines:\r\nLOAD * FROM [lib://DataFiles/OrderLines.csv];\r\n\
Orders:\r\nLOAD * FROM [lib://DataFiles/Orders.csv];\r\nCustomers:\r\nLOAD * FROM [lib://DataFiles/Customers.csv];\r\n\
Countries:\r\nLOAD * FROM [lib://DataFiles/Countries.csv];\r\nProducts:\r\nLOAD * FROM [lib://DataFiles/Products.csv];\r\n";
