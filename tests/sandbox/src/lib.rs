//! An embedded tenant and engine.
mod cube;
mod model;
mod rest;
mod tenant;
