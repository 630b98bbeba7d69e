//! An app as one session has it open: its selections, its session objects, and what is calculated from them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use serde_json::Value as Json;

use super::library;
use super::progress::{self, Phases};
use super::rpc::EngineError;
use super::state::{DEFAULT, Selected};
use crate::cube::{Cube, CubeDef, Expansion, ListDef, View};
use crate::model::Model;
use crate::tenant::{App, Entity, Object, Objects, Tenant};

/// Where the app lives.
#[derive(Debug)]
enum Home {
    /// In the tenant, by id.
    Tenant(Arc<Tenant>, String),
    /// In this session only.
    Session(Box<App>),
}

/// An open app.
#[derive(Debug)]
pub(crate) struct Open {
    home: Home,
    pub(super) no_data: bool,
    pub(super) model: Arc<Model>,
    pub(super) selected: Selected,
    pub(super) objects: Objects,
    /// Properties changed for this session only, by object id.
    soft: HashMap<String, Json>,
    /// What lists are searched for, by object id and path.
    pub(super) searches: HashMap<(String, String), String>,
    /// Which nodes of pivots are open, by object id and path.
    pub(super) expansions: HashMap<(String, String), Expansion>,
    /// The definitions of variables by name.
    definitions: OnceLock<BTreeMap<String, String>>,
    /// Calculated cubes, by object id and path.
    cubes: HashMap<(String, String), Arc<(CubeDef, Cube)>>,
}

impl Open {
    /// Opens an app of the tenant.
    pub(super) fn tenant_app_open(tenant: &Arc<Tenant>, id: &str, no_data: bool) -> Option<Self> {
        let data = tenant.state().app(id).map(|app| Arc::clone(&app.data))?;
        let model = if no_data { Arc::default() } else { data };
        Some(Self::new(Home::Tenant(Arc::clone(tenant), id.to_owned()), no_data, model))
    }

    /// Opens an app that ends with the session.
    pub(super) fn session_app(app: App) -> Self {
        let model = Arc::clone(&app.data);
        Self::new(Home::Session(Box::new(app)), false, model)
    }

    fn new(home: Home, no_data: bool, model: Arc<Model>) -> Self {
        Self {
            home,
            no_data,
            model,
            selected: Selected::default(),
            objects: Objects::default(),
            soft: HashMap::new(),
            searches: HashMap::new(),
            expansions: HashMap::new(),
            definitions: OnceLock::new(),
            cubes: HashMap::new(),
        }
    }

    pub(super) fn tenant_app(&self) -> Option<&str> {
        match &self.home {
            Home::Tenant(_, id) => Some(id),
            Home::Session(_) => None,
        }
    }

    pub(super) fn is_session_app(&self) -> bool {
        self.tenant_app().is_none()
    }

    /// The app itself.
    pub(super) fn app<R>(&self, read: impl FnOnce(&App) -> R) -> Result<R, EngineError> {
        match &self.home {
            Home::Session(app) => Ok(read(app)),
            Home::Tenant(tenant, id) => {
                let state = tenant.state();
                state.app(id).map(read).ok_or_else(|| EngineError::new(1003, id.clone()))
            }
        }
    }

    /// The app itself, to be changed.
    pub(super) fn app_mut<R>(&mut self, change: impl FnOnce(&mut App) -> R) -> Result<R, EngineError> {
        match &mut self.home {
            Home::Session(app) => Ok(change(app)),
            Home::Tenant(tenant, id) => {
                let mut state = tenant.state();
                state.app_mut(id).map(change).ok_or_else(|| EngineError::new(1003, id.clone()))
            }
        }
    }

    /// What a reload goes through.
    pub(super) fn phases(&self) -> Result<Phases, EngineError> {
        self.app(|app| progress::phases(&app.source))
    }

    /// What is kept under an id: of the session, else of the app.
    pub(super) fn any(&self, id: &str) -> Option<Object> {
        let own = self.objects.get(id).cloned();
        own.or_else(|| self.app(|app| app.objects.get(id).cloned()).ok().flatten())
    }

    /// One of a kind, by its id.
    pub(super) fn entity(&self, entity: Entity, id: &str) -> Option<Object> {
        self.any(id).filter(|found| found.entity == entity)
    }

    /// All of a kind that the app has, then those of the session.
    pub(super) fn all(&self, entity: Entity, of_session: bool) -> Result<Vec<Object>, EngineError> {
        let of = |objects: &Objects| objects.0.iter().filter(|o| o.entity == entity).cloned().collect::<Vec<_>>();
        let mut all = self.app(|app| of(&app.objects))?;
        if of_session {
            all.extend(of(&self.objects));
        }
        Ok(all)
    }

    /// The children of an object, wherever it is kept.
    pub(super) fn children(&self, id: &str) -> Vec<Object> {
        let all = self.all(Entity::Object, true).unwrap_or_default();
        all.into_iter().filter(|object| object.parent.as_deref() == Some(id)).collect()
    }

    /// A variable by its name.
    pub(super) fn variable(&self, name: &Json) -> Option<Object> {
        let all = self.all(Entity::Variable, true).unwrap_or_default();
        all.into_iter().rev().find(|variable| variable.properties["qName"] == *name)
    }

    /// Keeps something new.
    pub(super) fn keep(&mut self, object: Object, of_session: bool) -> Result<(), EngineError> {
        if of_session {
            self.objects.0.push(object);
            return Ok(());
        }
        self.app_mut(|app| app.objects.0.push(object))
    }

    /// Changes properties where they are kept.
    pub(super) fn set_properties(&mut self, id: &str, properties: Json) -> Result<(), EngineError> {
        self.set_soft(id, None);
        if let Some(object) = self.objects.get_mut(id) {
            object.properties = properties;
            return Ok(());
        }
        let stored = self.app_mut(|app| app.objects.get_mut(id).map(|object| object.properties = properties))?;
        stored.ok_or_else(|| EngineError::not_found(id))
    }

    /// Changes properties for this session only, or takes that back.
    pub(super) fn set_soft(&mut self, id: &str, properties: Option<Json>) {
        match properties {
            Some(properties) => self.soft.insert(id.to_owned(), properties),
            None => self.soft.remove(id),
        };
        self.recalculate();
    }

    /// The properties of an object as this session sees them.
    pub(super) fn effective(&self, id: &str) -> Result<Json, EngineError> {
        let soft = self.soft.get(id).cloned();
        soft.or_else(|| Some(self.any(id)?.properties)).ok_or_else(|| EngineError::not_found(id))
    }

    /// What to calculate from, in a state.
    pub(super) fn view(&self, state: &str) -> Result<View<'_>, EngineError> {
        let (selections, alive) = self.selected.of(&self.model, state)?;
        let variables = self.definitions.get_or_init(|| {
            let all = self.all(Entity::Variable, true).unwrap_or_default();
            all.iter().map(|variable| (variable.name().to_owned(), variable.definition().to_owned())).collect()
        });
        Ok(View { model: &self.model, selections, alive, variables })
    }

    /// Forgets what was calculated before a change of selections, data, properties or variables.
    pub(super) fn recalculate(&mut self) {
        self.definitions = OnceLock::new();
        self.cubes.clear();
    }

    /// The state that an object's definition is calculated in: its own, else the object's.
    pub(super) fn state_of(&self, id: &str, own: &str) -> Result<String, EngineError> {
        let properties = self.effective(id)?;
        let inherited = properties["qStateName"].as_str().unwrap_or_default();
        let named = [own, inherited].into_iter().find(|name| !name.is_empty());
        Ok(named.unwrap_or(DEFAULT).to_owned())
    }

    /// The cube at a path of an object's properties, calculated once until something changes.
    pub(super) fn cube(&mut self, id: &str, path: &str) -> Result<Arc<(CubeDef, Cube)>, EngineError> {
        let key = (id.to_owned(), path.to_owned());
        if let Some(known) = self.cubes.get(&key) {
            return Ok(Arc::clone(known));
        }
        let properties = self.effective(id)?;
        let definition = definition(&properties, path, "/qHyperCubeDef")?;
        let mut def: CubeDef = serde_json::from_value(definition.clone()).map_err(|_| EngineError::parameter(path))?;
        def.q_state_name = self.state_of(id, &def.q_state_name)?;
        library::resolve_cube(self, &mut def);
        let none = Expansion::default();
        let expansion = self.expansions.get(&key).unwrap_or(&none);
        let cube = Cube::calculate(&self.view(&def.q_state_name)?, &def, expansion);
        let calculated = Arc::new((def, cube));
        self.cubes.insert(key, Arc::clone(&calculated));
        Ok(calculated)
    }

    /// The definition of the list at a path of an object's properties, with its state and what it is searched for.
    pub(super) fn list(&self, id: &str, path: &str) -> Result<ListDef, EngineError> {
        let properties = self.effective(id)?;
        let definition = definition(&properties, path, "/qListObjectDef")?;
        let mut def: ListDef = serde_json::from_value(definition.clone()).map_err(|_| EngineError::parameter(path))?;
        def.q_state_name = self.state_of(id, &def.q_state_name)?;
        def.search = self.searches.get(&(id.to_owned(), path.to_owned())).cloned();
        library::resolve_list(self, &mut def);
        Ok(def)
    }

    /// Whether selections can change what an object shows.
    pub(super) fn shows_data(properties: &Json) -> bool {
        const SHOWS: [&str; 5] =
            ["qHyperCubeDef", "qListObjectDef", "qSelectionObjectDef", "qStringExpression", "qValueExpression"];
        match properties {
            Json::Object(members) => {
                members.iter().any(|(name, value)| SHOWS.contains(&name.as_str()) || Self::shows_data(value))
            }
            Json::Array(values) => values.iter().any(Self::shows_data),
            _ => false,
        }
    }
}

/// The definition at a path such as `/qHyperCubeDef`, which has to end as told.
pub(super) fn definition<'a>(properties: &'a Json, path: &str, end: &str) -> Result<&'a Json, EngineError> {
    let found = properties.pointer(path).filter(|_| path.ends_with(end));
    found.ok_or_else(|| EngineError::new(4, path))
}
