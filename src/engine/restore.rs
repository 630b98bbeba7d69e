//! Getting the objects of a session again on a new connection.

use std::sync::Arc;

use serde_json::Value;

use super::actor::To;
use super::event::{ObjectName, Resumed};
use super::object::{Object, Origin};
use super::safety::Effect;
use super::shared::Shared;
use crate::error::{EngineError, Error, Result};
use crate::json::object;

/// The number of `Global`, which is always there.
const GLOBAL: i32 = -1;

/// How often a call is made again.
const AGAIN: u32 = 5;

/// Methods that make something the app keeps, and those that get it again by its id.
const KEPT: &[(&str, &str)] = &[
    ("CreateObject", "GetObject"),
    ("GetOrCreateObject", "GetObject"),
    ("CreateChild", "GetChild"),
    ("CreateDimension", "GetDimension"),
    ("CreateMeasure", "GetMeasure"),
    ("CreateBookmark", "GetBookmark"),
    ("CreateBookmarkEx", "GetBookmark"),
    ("ReplaceBookmark", "GetBookmark"),
    ("CreateVariableEx", "GetVariableById"),
];

/// Methods that make something of the session, and those that get it again where the engine has kept it.
const OF_SESSION: &[(&str, &str)] =
    &[("CreateSessionObject", "GetObject"), ("CreateSessionVariable", "GetVariableById")];

impl Object {
    /// Whether it is lost with its session.
    pub(super) fn lives_in_session(&self) -> bool {
        let origin = self.identity.get().and_then(|identity| identity.origin.as_ref());
        origin.is_some_and(|origin| {
            OF_SESSION.iter().any(|(create, _)| *create == origin.method) || origin.parent.lives_in_session()
        })
    }

    fn name(&self) -> ObjectName {
        let identity = self.identity.get();
        ObjectName {
            class: identity.map(|identity| identity.class.clone()).unwrap_or_default(),
            generic_type: identity.and_then(|identity| identity.generic_type.clone()),
            generic_id: identity.and_then(|identity| identity.generic_id.clone()),
        }
    }
}

/// Gets all live objects of a session again. An error means that the connection is of no use: it broke, or the app
/// could not be opened.
pub(super) async fn all(shared: &Shared) -> Result<Resumed> {
    let mut restorer = Restorer { shared, numbers: Vec::new(), resumed: Resumed::default() };
    for object in shared.objects.all() {
        restorer.with_parents(&object).await?;
    }
    let Restorer { numbers, mut resumed, .. } = restorer;
    shared.objects.renumber(&numbers);
    let all: Vec<i32> = numbers.iter().map(|(_, number)| *number).collect();
    shared.followers.tell(&all, &[], &[]);
    for removal in shared.removals.take() {
        // a session that is new has nothing to be removed
        if resumed.attached && !removal.parent.is_closed() {
            shared.remove(removal);
        }
    }
    if !resumed.attached
        && let (Some(kept), Some(doc)) = (shared.selections.get(), shared.objects.doc())
    {
        resumed.failed.extend(kept.make_again(shared, &doc).await);
        resumed.selections = true;
    }
    Ok(resumed)
}

struct Restorer<'a> {
    shared: &'a Shared,
    numbers: Vec<(Arc<Object>, i32)>,
    resumed: Resumed,
}

impl Restorer<'_> {
    fn number_of(&self, object: &Arc<Object>) -> Option<i32> {
        self.numbers.iter().find(|(known, _)| Arc::ptr_eq(known, object)).map(|(_, number)| *number)
    }

    /// Gets an object, and before it whatever it was got from.
    async fn with_parents(&mut self, object: &Arc<Object>) -> Result<()> {
        let mut line = vec![Arc::clone(object)];
        while let Some(origin) = line.last().and_then(|last| last.identity.get()?.origin.as_ref()) {
            let parent = Arc::clone(&origin.parent);
            line.push(parent);
        }
        for object in line.into_iter().rev() {
            if self.number_of(&object).is_some() {
                continue;
            }
            if let Err(error) = self.one(&object).await {
                let is_app = object.name().class == "Doc";
                if is_app || matches!(error, Error::Closed(_)) {
                    return Err(error);
                }
                self.resumed.lost.push((object.name(), error.to_string()));
                return Ok(());
            }
        }
        Ok(())
    }

    async fn one(&mut self, object: &Arc<Object>) -> Result<()> {
        if object.number() == GLOBAL {
            self.numbers.push((Arc::clone(object), GLOBAL));
            return Ok(());
        }
        let Some(origin) = object.identity.get().and_then(|identity| identity.origin.as_ref()) else {
            return Err(Error::config("it was made by a raw call: how to get it again is not known"));
        };
        let Some(parent) = self.number_of(&origin.parent) else {
            return Err(Error::config("what it belongs to is lost"));
        };
        let (number, is_new) = match object.name().class.as_str() {
            "Doc" => self.app(object, origin).await?,
            _ => self.get(object, origin, parent).await?,
        };
        self.numbers.push((Arc::clone(object), number));
        self.resumed.restored.push(object.name());
        if is_new {
            for (method, params) in object.memory.calls() {
                if let Err(error) = self.shared.ask(To::Number(number), method, &params).await {
                    if matches!(error, Error::Closed(_)) {
                        return Err(error);
                    }
                    self.resumed.failed.push(error.to_string());
                }
            }
        }
        Ok(())
    }

    /// The app: the one that the engine has kept open, else opened again in the same way.
    async fn app(&mut self, object: &Arc<Object>, origin: &Origin) -> Result<(i32, bool)> {
        match self.handle(GLOBAL, "GetActiveDoc", &object! {}).await {
            Ok(number) => {
                self.resumed.attached = true;
                return Ok((number, false));
            }
            Err(error @ (Error::Closed(_) | Error::Decode(_) | Error::Timeout(_))) => return Err(error),
            Err(_) => {}
        }
        let name = object.name().generic_id;
        let params = match (origin.method, self.shared.opening.get(), name) {
            ("OpenDoc", _, _) => parsed(origin),
            ("GetActiveDoc", Some(params), _) => params.clone(),
            ("GetActiveDoc" | "CreateDocEx", _, Some(id)) => object! { "qDocName": id },
            _ => return Err(Error::config("a session app ends with its session")),
        };
        Ok((self.handle(GLOBAL, "OpenDoc", &params).await?, true))
    }

    async fn get(&self, object: &Object, origin: &Origin, parent: i32) -> Result<(i32, bool)> {
        let fresh = !self.resumed.attached;
        let find = |list: &[(&str, &'static str)]| {
            list.iter().find(|(create, _)| *create == origin.method).map(|(_, get)| *get)
        };
        let by_id = object! { "qId": object.name().generic_id };
        if let Some(get) = find(KEPT) {
            return Ok((self.handle(parent, get, &by_id).await?, fresh));
        }
        let Some(get) = find(OF_SESSION) else {
            return Ok((self.handle(parent, origin.method, &parsed(origin)).await?, fresh));
        };
        if self.resumed.attached {
            match self.handle(parent, get, &by_id).await {
                Ok(number) => return Ok((number, false)),
                Err(error @ Error::Closed(_)) => return Err(error),
                Err(_) => {}
            }
        }
        let mut params = parsed(origin);
        if let (Some(properties), Some(id)) = (params.get_mut("qProp").and_then(Value::as_object_mut), by_id.get("qId"))
        {
            // under the id that it was given before, so that whoever knows it by that finds it
            let info = properties.entry("qInfo").or_insert_with(|| object! {});
            if let (Some(info), false) = (info.as_object_mut(), id.is_null()) {
                info.insert("qId".to_owned(), id.clone());
            }
        }
        Ok((self.handle(parent, origin.method, &params).await?, true))
    }

    async fn handle(&self, parent: i32, method: &str, params: &Value) -> Result<i32> {
        let mut attempt = 0;
        let result = loop {
            match self.shared.ask(To::Number(parent), method, params).await {
                Err(error) if attempt < AGAIN && makes_again(&error, method) => attempt += 1,
                result => break result?,
            }
        };
        let number = result.pointer("/qReturn/qHandle").and_then(Value::as_i64);
        number
            .and_then(|number| i32::try_from(number).ok())
            .ok_or_else(|| Error::not_found(method, "it is not there any more: the engine returned an empty handle"))
    }
}

/// Whether a call is made again: after it was aborted and, where it only reads, after its reply got lost or spoiled.
fn makes_again(error: &Error, method: &str) -> bool {
    match error {
        // an app that is open cannot be opened: that takes another connection
        Error::Decode(_) | Error::Timeout(_) => method != "OpenDoc" && Effect::of(method) == Effect::Reads,
        _ => error.engine_code() == Some(EngineError::ABORTED),
    }
}

/// The parameters that an object was got with.
fn parsed(origin: &Origin) -> Value {
    serde_json::from_str(&origin.params).unwrap_or_default()
}
