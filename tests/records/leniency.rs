//! What reads forgive and what writes send, on types as they are generated.
#![allow(deprecated, reason = "reads give deprecated members too")]

use std::fmt::Debug;

use qlik::engine::types::{
    BnfType, Connection, FieldValue, GenericObjectLayout, HyperCubeDef, NxCell, NxDimensionInfo, StateEnumType,
};
use qlik::rest::spaces::types::{Space, SpaceCreate, SpaceType, SpaceUpdate, Spaces};
use qlik::rest::users::types::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, from_str, from_value, json, to_value};

/// Reads a value, which comes back as it was sent.
fn kept<T: Serialize + DeserializeOwned>(sent: Value) -> T {
    let read: T = from_value(sent.clone()).expect("it is read");
    assert_eq!(to_value(&read).expect("it is written"), sent);
    read
}

fn space(with: Value) -> Value {
    let mut space = json!({"id": "s1", "name": "Finance", "tenantId": "t1", "links": {"self": {"href": "a"}, "assignments": {"href": "b"}}});
    if let (Some(members), Value::Object(with)) = (space.as_object_mut(), with) {
        members.extend(with);
    }
    space
}

#[test]
fn an_enum_keeps_a_value_it_does_not_know() {
    let read: Space = kept(space(json!({"type": "brand new"})));
    assert_eq!(read.type_, Some(SpaceType::Unrecognized("brand new".to_owned())));
    assert_eq!(read.type_.unwrap().as_str(), "brand new");
}

#[test]
fn a_member_that_is_not_described_is_kept() {
    let read: Space = kept(space(json!({"mood": {"is": ["good", null]}})));
    assert_eq!(read.extra["mood"], json!({"is": ["good", null]}));
    let layout: GenericObjectLayout = kept(json!({"qInfo": {"qId": "a"}, "visualization": "table", "title": ""}));
    assert_eq!(layout.extra["visualization"], "table");
}

#[test]
fn null_stands_for_absent_and_comes_back_as_null() {
    let read: Space = kept(space(json!({"ownerId": null})));
    assert_eq!(read.owner_id, None);
    let mut read: Space = kept(space(json!({"name": null})));
    assert_eq!(read.name, "");
    read.name = "Sales".to_owned();
    assert_eq!(to_value(&read).unwrap()["name"], "Sales");
}

#[test]
fn a_required_member_may_be_missing() {
    let read: Space = from_str(r#"{"id": "s1"}"#).unwrap();
    assert_eq!((read.id.as_str(), read.name.as_str()), ("s1", ""));
    let read: Spaces = from_str("{}").unwrap();
    assert_eq!(read.data, None);
}

#[test]
fn numbers_text_and_booleans_take_each_others_spelling() {
    let error: Error = kept(json!({"code": 404, "title": true}));
    assert_eq!((error.code.as_str(), error.title.as_str()), ("404", "true"));
    let info: NxDimensionInfo = kept(json!({"qCardinal": "12", "qLocked": "true", "qMax": "1.5"}));
    assert_eq!((info.cardinal, info.locked, info.max), (Some(12), Some(true), Some(1.5)));
    // What was changed is written in its own kind.
    let changed = NxDimensionInfo { cardinal: Some(13), ..info };
    assert_eq!(to_value(&changed).unwrap(), json!({"qCardinal": 13, "qLocked": "true", "qMax": "1.5"}));
}

#[test]
fn a_value_of_another_shape_is_kept_aside() {
    let read: Space = kept(space(json!({"description": {"en": "a", "sv": "b"}, "meta": "none", "links": [1]})));
    assert_eq!((read.description.as_deref(), &read.meta), (None, &None));
    assert_eq!(read.extra["description"]["sv"], "b");
}

#[test]
fn a_key_sent_twice_counts_as_its_last() {
    let read: GenericObjectLayout =
        from_str(r#"{"qInfo": {"qId": "a"}, "x": 1, "qInfo": {"qId": "b"}, "x": 2}"#).unwrap();
    assert_eq!(to_value(&read).unwrap(), json!({"qInfo": {"qId": "b"}, "x": 2}));
}

#[test]
fn numbers_that_json_lacks_are_spelled_out() {
    let cell: NxCell = kept(json!({"qNum": "NaN"}));
    assert!(cell.num.unwrap().is_nan());
    assert_eq!(kept::<NxCell>(json!({"qNum": "Infinity"})).num, Some(f64::INFINITY));
    assert_eq!(kept::<NxCell>(json!({"qNum": "-Infinity"})).num, Some(f64::NEG_INFINITY));
    let whole: NxCell = kept(json!({"qNum": 1, "qText": "1"}));
    assert_eq!(whole.num, Some(1.0));
}

#[test]
fn an_engine_enum_knows_its_long_names() {
    assert_eq!(from_str::<BnfType>(r#""SCRIPT_TEXT_SCRIPT""#).unwrap(), BnfType::S);
    assert_eq!(BnfType::from("SCRIPT_TEXT_EXPRESSION"), BnfType::E);
    assert_eq!(to_value(BnfType::S).unwrap(), "S");
    let cell: NxCell = from_str(r#"{"qState": "SELECTED"}"#).unwrap();
    let short: NxCell = from_str(r#"{"qState": "S"}"#).unwrap();
    assert_eq!(cell, short);
    assert!(!matches!(short.state, Some(StateEnumType::Unrecognized(_))));
}

#[test]
fn what_is_set_is_sent_and_nothing_else() {
    assert_eq!(to_value(HyperCubeDef::default()).unwrap(), json!({}));
    let def = HyperCubeDef {
        state_name: Some(String::new()),
        dimensions: Some(Vec::new()),
        suppress_zero: Some(false),
        pseudo_dim_pos: Some(0),
        ..HyperCubeDef::default()
    };
    let sent = json!({"qStateName": "", "qDimensions": [], "qSuppressZero": false, "qPseudoDimPos": 0});
    assert_eq!(to_value(&def).unwrap(), sent);
    assert_eq!(kept::<HyperCubeDef>(sent), def);

    let update = SpaceUpdate { description: Some(String::new()), ..SpaceUpdate::default() };
    assert_eq!(to_value(&update).unwrap(), json!({"description": ""}));
    // Required members are sent whatever they hold.
    let create = SpaceCreate { type_: SpaceType::Shared, ..SpaceCreate::default() };
    assert_eq!(to_value(&create).unwrap(), json!({"name": "", "type": "shared"}));
}

#[test]
fn members_beyond_the_description_can_be_sent() {
    let mut create = SpaceCreate { name: "a".to_owned(), type_: SpaceType::from("lunar"), ..SpaceCreate::default() };
    create.extra.insert("orbit".to_owned(), json!(7));
    assert_eq!(to_value(&create).unwrap(), json!({"name": "a", "type": "lunar", "orbit": 7}));
}

#[test]
fn debug_shows_what_is_set_but_no_secret() {
    let connection: Connection = from_value(json!({
        "qName": "warehouse", "qUserName": "ann", "qPassword": "p4ss", "qConnectionString": "PWD=p4ss",
        "qNew": {"auth": [{"clientSecret": "p4ss", "kind": "basic"}]}, "accessToken": "p4ss",
    }))
    .unwrap();
    let shown = format!("{connection:?} {connection:#?}");
    assert!(!shown.contains("p4ss"), "{shown}");
    assert!(shown.contains("warehouse") && shown.contains("ann") && shown.contains("basic"), "{shown}");
    assert!(!shown.contains("qType"), "{shown}");
}

#[cfg(feature = "oauth-clients")]
#[test]
fn debug_shows_no_client_secret() {
    use qlik::rest::oauth_clients::types::OAuthClientSecretResponse;
    let secret: OAuthClientSecretResponse = kept(json!({"clientId": "c1", "clientSecret": "p4ss", "hint": "ends so"}));
    assert_eq!(secret.client_secret, "p4ss");
    assert!(!format!("{secret:?}").contains("p4ss"));
}

#[cfg(feature = "api-keys")]
#[test]
fn debug_shows_no_api_key() {
    use qlik::rest::api_keys::types::ApiKeyWithToken;
    let key: ApiKeyWithToken = from_value(json!({"id": "k1", "token": "p4ss"})).unwrap();
    let shown = format!("{key:?}");
    assert!(shown.contains("k1") && !shown.contains("p4ss"), "{shown}");
}

#[test]
fn a_document_of_another_kind_is_an_error_that_says_so() {
    let error = |json: &str| from_str::<Space>(json).unwrap_err().to_string();
    assert!(error("[]").starts_with("expected Space, found an array"), "{}", error("[]"));
    assert!(error("null").starts_with("expected Space, found null"), "{}", error("null"));
    let error = from_str::<Vec<Space>>(r#"[{}, "b"]"#).unwrap_err().to_string();
    assert!(error.starts_with("expected Space, found text"), "{error}");
    assert_eq!(
        qlik::record::from_str::<Vec<Space>>(r#"[{}, "b"]"#).unwrap_err().to_string(),
        "expected Space, found text at [1]"
    );
}

#[test]
fn generated_types_are_plain_values() {
    fn plain<T: Send + Sync + Clone + PartialEq + Default + Debug + Serialize + DeserializeOwned + 'static>() {}
    plain::<Space>();
    plain::<SpaceType>();
    plain::<NxCell>();
    plain::<StateEnumType>();
    plain::<FieldValue>();
    plain::<qlik::rest::users::types::InviteDataResponseItem>();
    plain::<qlik::rest::items::types::ItemsListItemsResponseBody>();
}
