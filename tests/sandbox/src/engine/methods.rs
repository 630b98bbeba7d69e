//! The tables of methods: what each is called, what it takes, and what it does.

use serde_json::{Value as Json, json};

use super::open::Open;
use super::rpc::{EngineError, Params};
use super::session::{Session, Target};
use super::{bookmark, data, doc, entity, field, global, library, select};
use crate::tenant::{Entity, Object};

/// What a method answers: its out-parameters by name.
pub(super) type Outcome = Result<Json, EngineError>;

/// A method of a class.
pub(crate) struct Method {
    pub(crate) name: &'static str,
    /// The parameters in order; a question mark ends the name of an optional one.
    pub(crate) params: &'static [&'static str],
    pub(super) run: fn(&mut Call<'_>) -> Outcome,
}

impl Method {
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.params.iter().map(|name| name.trim_end_matches('?'))
    }
}

/// A table of methods: `Name(required: Type; optional: Type) => |call, (values,)| outcome`. Every parameter is read as its
/// type before the method runs; an optional one that was left out is its type's default.
macro_rules! methods {
    ($($name:ident($($need:ident: $kind:ty),* $(; $($may:ident: $maybe:ty),+)?) => $run:expr,)*) => {
        &[$(crate::engine::methods::Method {
            name: stringify!($name),
            params: &[$(stringify!($need),)* $($(concat!(stringify!($may), "?"),)+)?],
            run: |call| {
                let run: fn(&mut crate::engine::methods::Call<'_>, ($($kind,)* $($($maybe,)+)?)) -> _ = $run;
                let values = (
                    $(call.params.get::<$kind>(stringify!($need))?,)*
                    $($(call.params.or_default::<$maybe>(stringify!($may))?,)+)?
                );
                run(call, values)
            },
        },)*]
    };
}
pub(super) use methods;

/// The classes of the Engine's objects, and the methods of each.
pub(crate) const CLASSES: [(&str, &[&[Method]]); 8] = [
    ("Global", &[global::METHODS]),
    ("Doc", &[doc::METHODS, doc::KEPT, select::DOC]),
    ("Field", &[field::METHODS]),
    ("GenericObject", &[entity::METHODS, entity::OBJECT, data::METHODS, select::METHODS]),
    ("GenericDimension", &[entity::METHODS, entity::PATCHED, entity::PUBLISHED, library::DIMENSION]),
    ("GenericMeasure", &[entity::METHODS, entity::PATCHED, entity::PUBLISHED, library::MEASURE]),
    ("GenericBookmark", &[entity::METHODS, entity::PATCHED, entity::PUBLISHED, bookmark::METHODS]),
    ("GenericVariable", &[entity::METHODS, entity::PATCHED, entity::VARIABLE]),
];

/// The methods of a class.
pub(crate) fn of_class(class: &str) -> impl Iterator<Item = &'static Method> {
    let groups = CLASSES.iter().find(|(known, _)| *known == class).map_or(&[][..], |(_, groups)| groups);
    groups.iter().copied().flatten()
}

/// A call under way.
pub(super) struct Call<'a> {
    pub(super) session: &'a mut Session,
    pub(super) target: Target,
    pub(super) params: Params,
}

impl Call<'_> {
    /// The app that is open.
    pub(super) fn open(&mut self) -> Result<&mut Open, EngineError> {
        self.session.doc()
    }

    /// The id or name of what the method is called on.
    pub(super) fn id(&self) -> String {
        match &self.target {
            Target::Kept(_, id) | Target::Field(id, _) => id.clone(),
            Target::Global | Target::Doc => String::new(),
        }
    }

    /// The alternate state of a field.
    pub(super) fn state(&self) -> String {
        match &self.target {
            Target::Field(_, state) => state.clone(),
            _ => String::new(),
        }
    }

    /// The object, master item, bookmark or variable that the method is called on.
    pub(super) fn this(&mut self) -> Result<Object, EngineError> {
        let id = self.id();
        let Target::Kept(entity, _) = self.target else { return Err(EngineError::parameter("handle")) };
        self.open()?.entity(entity, &id).ok_or_else(|| EngineError::not_found(id))
    }

    /// Something kept as an answer, with its handle; or what stands for none.
    pub(super) fn found(&mut self, object: Option<Object>) -> Json {
        let Some(object) = object else { return nothing() };
        let target = object.target();
        let class = target.class();
        let handle = self.session.handle_of(target);
        json!({ "qReturn": {
            "qType": class, "qHandle": handle, "qGenericType": object.kind(), "qGenericId": object.id,
        } })
    }
}

impl Object {
    pub(super) fn target(&self) -> Target {
        Target::Kept(self.entity, self.id.clone())
    }
}

impl Entity {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Object => "GenericObject",
            Self::Dimension => "GenericDimension",
            Self::Measure => "GenericMeasure",
            Self::Bookmark => "GenericBookmark",
            Self::Variable => "GenericVariable",
        }
    }

    /// The type of one that is no generic object.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Object => "",
            Self::Dimension => "dimension",
            Self::Measure => "measure",
            Self::Bookmark => "bookmark",
            Self::Variable => "variable",
        }
    }

    /// The definitions of the lists that list such ones.
    pub(super) fn lists(self) -> &'static [&'static str] {
        match self {
            Self::Object => &["qAppObjectListDef", "qChildListDef"],
            Self::Dimension => &["qDimensionListDef"],
            Self::Measure => &["qMeasureListDef"],
            Self::Bookmark => &["qBookmarkListDef"],
            Self::Variable => &["qVariableListDef"],
        }
    }
}

/// The answer of a method that has none.
pub(super) fn done() -> Outcome {
    Ok(json!({}))
}

/// The answer of a method that has but `qReturn`.
pub(super) fn returned(value: impl Into<Json>) -> Outcome {
    Ok(json!({ "qReturn": value.into() }))
}

/// What stands for an object that does not exist.
pub(super) fn nothing() -> Json {
    json!({ "qReturn": { "qType": null, "qHandle": null } })
}
