//! What is known of a method before it is called.

use std::fmt;

/// A method of an engine class, as the generated code names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RpcMethod {
    class: &'static str,
    name: &'static str,
    out: Option<&'static str>,
    object: bool,
}

impl RpcMethod {
    /// A method that returns its whole result object, or nothing.
    pub const fn new(class: &'static str, name: &'static str) -> Self {
        RpcMethod { class, name, out: None, object: false }
    }

    /// It has this one out-parameter, and returns its value.
    pub const fn out(self, out: &'static str) -> Self {
        RpcMethod { out: Some(out), ..self }
    }

    /// It returns an object of the engine.
    pub const fn object(self) -> Self {
        RpcMethod { object: true, ..self.out("qReturn") }
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

    /// Whether it returns an object of the engine.
    pub(super) const fn returns_object(&self) -> bool {
        self.object
    }

    pub(super) const fn method_name(&self) -> MethodName<'static> {
        MethodName { class: self.class, name: self.name }
    }
}

impl fmt::Display for RpcMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.method_name().fmt(f)
    }
}

/// The name of a method, written out only where an error or a trace shows it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct MethodName<'a> {
    /// Empty where it is not known.
    pub(super) class: &'a str,
    pub(super) name: &'a str,
}

impl<'a> MethodName<'a> {
    pub(super) fn new(class: &'a str, name: &'a str) -> Self {
        MethodName { class, name }
    }
}

impl fmt::Display for MethodName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.class.is_empty() { f.write_str(self.name) } else { write!(f, "{}.{}", self.class, self.name) }
    }
}
