//! An embedded tenant and engine.
