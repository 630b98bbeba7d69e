//! What went wrong in a description and where: file, line, column, JSON pointer, and what to do.

use std::fmt;

/// One complaint about a file that a person wrote or brought in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// The file as messages show it.
    pub file: String,
    /// Line, counted from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// Column in characters, counted from 1; 0 where the file as a whole is meant.
    pub column: usize,
    /// JSON pointer (RFC 6901) to the node, without the `#`; empty for the whole document.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it; may be empty.
    pub help: String,
}

/// All complaints of one run: they are collected before anything fails.
pub type Diagnostics = Vec<Diagnostic>;

impl Diagnostic {
    /// A complaint about a whole file, at no line of it: it is missing, unreadable, one too many.
    pub fn of_file(file: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::of_place(file, (0, 0), message, help)
    }

    /// A complaint about a line and column of a file that is not JSON, or not yet.
    pub fn of_place(
        file: impl Into<String>,
        (line, column): (usize, usize),
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { file: file.into(), line, column, pointer: String::new(), message: message.into(), help: help.into() }
    }

    /// The same complaint, naming the node.
    #[must_use]
    pub fn with_pointer(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = pointer.into();
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        if self.line > 0 || !self.pointer.is_empty() {
            write!(f, " at #{}", self.pointer)?;
        }
        write!(f, ": {}", self.message)?;
        if !self.help.is_empty() {
            write!(f, "\n  help: {}", self.help)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}
