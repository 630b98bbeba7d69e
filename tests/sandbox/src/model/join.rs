//! The rows of several tables put side by side: a full outer join along the links.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::table::{Model, NULL};

/// The place of a row that a record does not have.
pub(crate) const NO_ROW: u32 = u32::MAX;

/// Joined rows of some tables.
#[derive(Clone, Debug)]
pub(crate) struct Records {
    tables: Vec<usize>,
    /// For each record one row number per table of `tables`.
    rows: Vec<Vec<u32>>,
}

impl Records {
    /// Joins the tables asked for, and those between them, over the rows that are alive.
    /// None when no links connect them.
    pub(crate) fn join(model: &Model, alive: &[Vec<bool>], wanted: &BTreeSet<usize>) -> Option<Self> {
        let mut joined = Self { tables: Vec::new(), rows: Vec::new() };
        for (table, link) in span(model, wanted)? {
            joined.add(model, alive, table, link);
        }
        Some(joined)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u32]> {
        self.rows.iter().map(Vec::as_slice)
    }

    /// The place in a record of a table's row.
    pub(crate) fn place(&self, table: usize) -> Option<usize> {
        self.tables.iter().position(|t| *t == table)
    }

    /// The element of a field in a record, from any of its tables that has one.
    pub(crate) fn element(&self, model: &Model, record: &[u32], field: usize) -> u32 {
        for (table, row) in self.tables.iter().zip(record) {
            if *row != NO_ROW {
                let element = model.tables[*table].element(field, *row);
                if element != NULL {
                    return element;
                }
            }
        }
        NULL
    }

    fn add(&mut self, model: &Model, alive: &[Vec<bool>], table: usize, link: Option<usize>) {
        let live = || (0u32..).zip(&alive[table]).filter(|(_, alive)| **alive).map(|(row, _)| row);
        let before = std::mem::take(&mut self.rows);
        let Some(link) = link else {
            self.tables.push(table);
            self.rows = live().map(|row| vec![row]).collect();
            return;
        };
        let mut by_key: HashMap<u32, Vec<u32>> = HashMap::new();
        for row in live() {
            by_key.entry(model.tables[table].element(link, row)).or_default().push(row);
        }
        // Null links to nothing, but its rows are there.
        let unlinked = by_key.remove(&NULL).unwrap_or_default();
        let mut met = BTreeSet::new();
        for record in before {
            let key = self.element(model, &record, link);
            met.insert(key);
            let partners = by_key.get(&key).map_or(&[NO_ROW][..], Vec::as_slice);
            for partner in partners {
                let mut wider = record.clone();
                wider.push(*partner);
                self.rows.push(wider);
            }
        }
        let mut alone: Vec<u32> = unlinked;
        alone.extend(by_key.iter().filter(|(key, _)| !met.contains(key)).flat_map(|(_, rows)| rows));
        alone.sort_unstable();
        for row in alone {
            let mut record = vec![NO_ROW; self.tables.len()];
            record.push(row);
            self.rows.push(record);
        }
        self.tables.push(table);
    }
}

/// The tables to join, each after the one it is linked to, with the linking field.
fn span(model: &Model, wanted: &BTreeSet<usize>) -> Option<Vec<(usize, Option<usize>)>> {
    let Some(root) = wanted.first().copied() else {
        return Some(Vec::new());
    };
    // Breadth first from one of them: by which table and field each is reached.
    let mut reached: HashMap<usize, Option<(usize, usize)>> = HashMap::from([(root, None)]);
    let mut order = vec![root];
    let mut queue = VecDeque::from([root]);
    while let Some(table) = queue.pop_front() {
        for (field, _) in &model.tables[table].columns {
            for next in &model.fields[*field].tables {
                if !reached.contains_key(next) {
                    reached.insert(*next, Some((table, *field)));
                    order.push(*next);
                    queue.push_back(*next);
                }
            }
        }
    }
    let mut needed = BTreeSet::from([root]);
    for table in wanted {
        let mut table = *table;
        while needed.insert(table) {
            let (before, _) = (*reached.get(&table)?)?;
            table = before;
        }
    }
    let link = |table: &usize| reached.get(table).copied().flatten().map(|(_, field)| field);
    let kept = order.into_iter().filter(|table| needed.contains(table));
    Some(kept.map(|table| (table, link(&table))).collect())
}
