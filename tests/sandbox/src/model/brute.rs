//! The same answers the slow way, for tests: every table joined, and every row looked at.

use std::collections::{BTreeSet, HashMap};

use super::{Model, NULL, Selections, State};

/// A row of all tables joined: the row number in each table, if any.
pub(crate) type Row = Vec<Option<usize>>;

/// Numbers that look random and are the same on every run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// All tables of the sales data, joined in an order written out by hand.
pub(crate) fn joined(model: &Model) -> Vec<Row> {
    let table = |name: &str| model.tables.iter().position(|t| t.name == name).expect("a table");
    let steps =
        [("Orders", "OrderID"), ("Customers", "CustomerID"), ("Countries", "Country"), ("Products", "ProductID")];
    let lines = table("OrderLines");
    let mut rows: Vec<Row> = (0..model.tables[lines].rows)
        .map(|row| {
            let mut record = vec![None; model.tables.len()];
            record[lines] = Some(row);
            record
        })
        .collect();
    for (name, key) in steps {
        let (table, key) = (table(name), model.field(key).expect("a key"));
        let mut partners: HashMap<u32, usize> = HashMap::new();
        for row in 0..model.tables[table].rows {
            partners.insert(model.tables[table].column(key).expect("a column")[row], row);
        }
        let mut used = BTreeSet::new();
        for record in &mut rows {
            record[table] = partners.get(&element(model, record, key)).copied();
            used.extend(record[table]);
        }
        for row in (0..model.tables[table].rows).filter(|row| !used.contains(row)) {
            let mut record = vec![None; model.tables.len()];
            record[table] = Some(row);
            rows.push(record);
        }
    }
    rows
}

pub(crate) fn element(model: &Model, row: &Row, field: usize) -> u32 {
    let tables = model.fields[field].tables.iter();
    let mut elements = tables.filter_map(|t| Some(model.tables[*t].column(field)?[row[*t]?]));
    elements.find(|element| *element != NULL).unwrap_or(NULL)
}

/// The rows that fit every selection that counts, without that of `but`.
pub(crate) fn fitting<'a>(model: &Model, rows: &'a [Row], selections: &Selections, but: Option<usize>) -> Vec<&'a Row> {
    let mut counted: Vec<(usize, &BTreeSet<u32>)> = Vec::new();
    let fits = |row: &Row, counted: &[(usize, &BTreeSet<u32>)]| {
        counted.iter().all(|(field, values)| values.contains(&element(model, row, *field)))
    };
    let all: Vec<_> = selections.iter().collect();
    for selection in all.into_iter().rev() {
        let mut with = counted.clone();
        with.push((selection.field, &selection.values));
        if rows.iter().any(|row| fits(row, &with)) {
            counted = with;
        }
    }
    counted.retain(|(field, _)| Some(*field) != but);
    rows.iter().filter(|row| fits(row, &counted)).collect()
}

pub(crate) fn states(model: &Model, rows: &[Row], selections: &Selections, field: usize) -> Vec<State> {
    let possible = |but| -> BTreeSet<u32> {
        let rows = fitting(model, rows, selections, but);
        rows.into_iter().map(|row| element(model, row, field)).collect()
    };
    let (now, without) = (possible(None), possible(Some(field)));
    let own = selections.of(field).map(|s| s.values.clone()).unwrap_or_default();
    (0u32..)
        .take(model.fields[field].values.len())
        .map(|value| match (own.contains(&value), now.contains(&value)) {
            (true, true) => State::Selected,
            (true, false) => State::SelectedExcluded,
            (false, true) => State::Option,
            (false, false) if without.contains(&value) => State::Alternative,
            (false, false) => State::Excluded,
        })
        .collect()
}
