//! What people do with an app all the time, each a few calls of the generated methods.

mod lists;
mod objects;
mod patches;
mod select;

pub use lists::SheetCell;
pub use patches::property_patches;
pub use select::FieldEntry;
