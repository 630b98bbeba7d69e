//! Objects by their id, there already or not.

use crate::engine::{Doc, GenericObject, Handle, Proxy, RpcMethod, types};
use crate::error::{Error, Result};
use crate::json::object;
use crate::record;

const CREATE_SESSION_OBJECT: RpcMethod = RpcMethod::new("Doc", "CreateSessionObject").object();

/// Objects by their id.
impl Doc {
    /// The object with this id; `None` when there is none.
    pub async fn find_object(&self, id: impl Into<String>) -> Result<Option<GenericObject>> {
        match self.get_object(id).await {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The object with this id: the one that is open in this session already, without asking the engine, or the app's.
    ///
    /// An id that the app does not know is the error "not found".
    pub async fn get_or_open(&self, id: impl AsRef<str>) -> Result<GenericObject> {
        let session = self.handle().session();
        match session.shared().objects.by_id(GenericObject::CLASS, id.as_ref()) {
            Some(object) => Ok(GenericObject::new(Handle::again(session.clone(), object))),
            None => self.get_object(id.as_ref()).await,
        }
    }

    /// The object with this id; where there is none, one of the session is made with these properties.
    pub async fn get_or_create_session_object(
        &self,
        id: impl Into<String>,
        properties: &types::GenericObjectProperties,
    ) -> Result<GenericObject> {
        let id = id.into();
        if let Some(object) = self.find_object(id.clone()).await? {
            return Ok(object);
        }
        let mut properties = record::to_value(properties)
            .map_err(|error| Error::config(format!("the properties of `{id}` cannot be sent: {error}")))?;
        let info = properties.as_object_mut().map(|members| members.entry("qInfo").or_insert_with(|| object! {}));
        if let Some(info) = info.and_then(|info| info.as_object_mut()) {
            info.insert("qId".to_owned(), id.into());
        }
        self.handle().rpc(CREATE_SESSION_OBJECT).arg("qProp", &properties).await
    }
}
