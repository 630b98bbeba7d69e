//! What is known of an operation before it is called: its name, its place, its limits.

use std::fmt;

/// The method of an HTTP request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// Reads.
    Get,
    /// Reads the headers of what `Get` would give.
    Head,
    /// Asks what can be done.
    Options,
    /// Makes something, or starts it.
    Post,
    /// Puts something in the place of what is there.
    Put,
    /// Changes a part.
    Patch,
    /// Takes away.
    Delete,
}

impl Method {
    /// The name on the wire, as `GET`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Options => "OPTIONS",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }

    /// Whether the same request twice does what it does once.
    pub const fn is_idempotent(self) -> bool {
        !matches!(self, Method::Post | Method::Patch)
    }

    /// Whether it only reads.
    pub const fn is_safe(self) -> bool {
        matches!(self, Method::Get | Method::Head | Method::Options)
    }

    pub(crate) fn to_http(self) -> reqwest::Method {
        match self {
            Method::Get => reqwest::Method::GET,
            Method::Head => reqwest::Method::HEAD,
            Method::Options => reqwest::Method::OPTIONS,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How often an operation may be called, by Qlik's rules: per user and minute, over windows of five minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tier {
    /// 1,000 calls a minute.
    One,
    /// 100 calls a minute.
    Two,
    /// So many calls a minute, for this operation alone.
    Special(u32),
    /// Not described.
    None,
}

/// What is known of an operation before it is called.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    api: &'static str,
    name: &'static str,
    method: Method,
    path: &'static str,
    tier: Tier,
    accept: &'static str,
    deprecated: bool,
    follows_redirects: bool,
}

impl Operation {
    /// An operation by its API's name, its own name, its method and its path; for generated code.
    #[doc(hidden)]
    pub const fn new(api: &'static str, name: &'static str, method: Method, path: &'static str) -> Self {
        Self {
            api,
            name,
            method,
            path,
            tier: Tier::None,
            accept: "application/json",
            deprecated: false,
            follows_redirects: true,
        }
    }

    /// The same, with its limit; for generated code.
    #[doc(hidden)]
    pub const fn tier(mut self, tier: Tier) -> Self {
        self.tier = tier;
        self
    }

    /// The same, with the media types of its answer; for generated code.
    #[doc(hidden)]
    pub const fn accept(mut self, accept: &'static str) -> Self {
        self.accept = accept;
        self
    }

    /// The same, marked as one that Qlik advises against; for generated code.
    #[doc(hidden)]
    pub const fn deprecated(mut self) -> Self {
        self.deprecated = true;
        self
    }

    /// The same, with a redirect being the answer (`false`) instead of the way to it; for generated code.
    #[doc(hidden)]
    pub const fn follows_redirects(mut self, follows: bool) -> Self {
        self.follows_redirects = follows;
        self
    }

    /// The API that the operation belongs to, as its file is named: `data-files`.
    pub const fn api(&self) -> &'static str {
        self.api
    }

    /// The operation's name, as qlik.dev shows it: `getItem`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The method of its request.
    pub const fn method(&self) -> Method {
        self.method
    }

    /// The path of its request, with placeholders: `/api/v1/items/{itemId}`.
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// How often it may be called.
    pub const fn rate_tier(&self) -> Tier {
        self.tier
    }

    /// The media types that its answer may have, as the `Accept` header says them.
    pub const fn accepts(&self) -> &'static str {
        self.accept
    }

    /// Whether Qlik advises against it.
    pub const fn is_deprecated(&self) -> bool {
        self.deprecated
    }

    /// Whether a redirect is its answer, and not the way to it.
    pub const fn is_answered_by_redirect(&self) -> bool {
        !self.follows_redirects
    }
}
