//! The data of an app: tables, the fields that link them, and what a selection leaves possible.

mod join;
mod selection;
mod table;

#[cfg(test)]
pub(crate) mod brute;

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::{fs, io};

pub(crate) use join::{NO_ROW, Records};
pub(crate) use selection::{Selections, State, States};
pub(crate) use table::{Field, Kind, Model, NULL, Table, Value};

/// The tables under `data/`, by name.
const TABLES: [(&str, &str); 5] = [
    ("OrderLines", include_str!("../../data/OrderLines.csv")),
    ("Orders", include_str!("../../data/Orders.csv")),
    ("Customers", include_str!("../../data/Customers.csv")),
    ("Countries", include_str!("../../data/Countries.csv")),
    ("Products", include_str!("../../data/Products.csv")),
];

/// The sandbox's own data set, read once per process and shared by all its sandboxes.
pub(crate) fn sales() -> Arc<Model> {
    static SALES: LazyLock<Arc<Model>> = LazyLock::new(|| {
        // The files are compiled in and a test reads them, so this cannot fail at run time;
        // if it ever did, an app without data says so more clearly than a panic in a thread.
        Arc::new(Model::from_csv(&TABLES).unwrap_or_default())
    });
    Arc::clone(&SALES)
}

/// The data set of a folder: a table for each of its CSV files.
pub(crate) fn folder(path: &Path) -> io::Result<Arc<Model>> {
    let mut tables = Vec::new();
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            tables.push((name, String::from_utf8_lossy(&fs::read(&file)?).into_owned()));
        }
    }
    if tables.is_empty() {
        let why = format!("{} has no CSV files", path.display());
        return Err(io::Error::new(io::ErrorKind::NotFound, why));
    }
    tables.sort();
    let tables: Vec<(&str, &str)> = tables.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    Model::from_csv(&tables).map(Arc::new).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_set_reads() {
        let model = Model::from_csv(&TABLES).expect("the data set");
        assert_eq!(model.tables.len(), 5);
        assert!(model.tables[0].rows > 5_000);
    }
}
