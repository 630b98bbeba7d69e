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

/// Tables as nobody would make them: keys that are missing, doubled or partnerless, and values that are null.
/// A fact table with measure `N`, and tables of `A`, `B` and `C` at and behind its keys.
pub(crate) fn random(dice: &mut Dice) -> Model {
    let mut table = |head: &str, rows: usize, columns: &[(&str, usize)]| {
        let mut text = format!("{head}\n");
        for _ in 0..rows {
            // One in eight is null.
            let cell = |(mark, end): &(&str, usize)| match dice.below(8) {
                0 => String::new(),
                _ => format!("{mark}{}", 1 + dice.below(*end)),
            };
            let cells: Vec<String> = columns.iter().map(cell).collect();
            text += &format!("{}\n", cells.join(","));
        }
        text
    };
    let texts = [
        ("Fact", table("K,L,N", 80, &[("k", 9), ("l", 7), ("", 50)])),
        ("One", table("K,A,M", 12, &[("k", 11), ("a", 4), ("m", 5)])),
        ("Two", table("L,B", 8, &[("l", 9), ("b", 3)])),
        ("Far", table("M,C", 7, &[("m", 6), ("c", 3)])),
    ];
    let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    Model::from_csv(&texts).expect("tables")
}

/// All tables joined: every row of one with every row of the next that has the same key, and those without a partner.
pub(crate) fn joined(model: &Model) -> Vec<Row> {
    let mut rows: Vec<Row> = vec![];
    let mut done: BTreeSet<usize> = BTreeSet::new();
    while done.len() < model.tables.len() {
        let linked = |table: &usize| {
            let keys = model.tables[*table].columns.iter().map(|(field, _)| *field);
            keys.into_iter().find(|field| model.fields[*field].tables.iter().any(|other| done.contains(other)))
        };
        let open = (0..model.tables.len()).filter(|table| !done.contains(table));
        let next = open.clone().find(|table| done.is_empty() || linked(table).is_some()).expect("linked tables");
        let mut partners: HashMap<u32, Vec<usize>> = HashMap::new();
        let mut alone: BTreeSet<usize> = (0..model.tables[next].rows).collect();
        if let Some(key) = linked(&next) {
            for (row, key) in model.tables[next].column(key).expect("a column").iter().enumerate() {
                partners.entry(*key).or_default().push(row);
            }
            partners.remove(&NULL);
            let mut wider = Vec::new();
            for record in rows {
                let found = partners.get(&element(model, &record, key));
                for row in found.map_or(vec![None], |rows| rows.iter().copied().map(Some).collect()) {
                    let mut record = record.clone();
                    record[next] = row;
                    alone.retain(|other| Some(*other) != row);
                    wider.push(record);
                }
            }
            rows = wider;
        }
        for row in alone {
            let mut record = vec![None; model.tables.len()];
            record[next] = Some(row);
            rows.push(record);
        }
        done.insert(next);
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
