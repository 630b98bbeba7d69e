//! What is known of a method before it is called.

use std::fmt;

/// A method of an engine class: a constant for each, made by the generated code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RpcMethod {
    class: &'static str,
    name: &'static str,
    out: Option<&'static str>,
}

impl RpcMethod {
    /// A method that returns its whole result object, or nothing.
    pub const fn new(class: &'static str, name: &'static str) -> Self {
        RpcMethod { class, name, out: None }
    }

    /// It has this one out-parameter, and returns its value.
    pub const fn out(self, out: &'static str) -> Self {
        RpcMethod { out: Some(out), ..self }
    }

    /// It returns an object of the engine.
    pub const fn object(self) -> Self {
        self.out("qReturn")
    }

    /// The class, as `Doc`.
    pub const fn class(&self) -> &'static str {
        self.class
    }

    /// The name on the wire, as `GetAppLayout`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The out-parameter that is the method's value, if it is one.
    pub const fn out_parameter(&self) -> Option<&'static str> {
        self.out
    }
}

impl fmt::Display for RpcMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.class, self.name)
    }
}
