//! Expressions calculated for each combination of dimension values.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::datum::Datum;
use super::expr::{Aggregate, Expr, Function};
use crate::model::{Kind, Model, NO_ROW, NULL, Records};

/// The values of the expressions for one combination of dimension values.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// Element numbers, one per dimension; `NULL` where the row has none.
    pub(crate) key: Vec<u32>,
    pub(crate) values: Vec<Datum>,
}

/// Calculates over the rows that are alive. Without dimensions there is one group.
/// None when the fields asked for lie in tables that nothing links.
pub(crate) fn evaluate(
    model: &Model,
    alive: &[Vec<bool>],
    dimensions: &[usize],
    measures: &[Expr],
) -> Option<Vec<Group>> {
    let mut aggregates = Vec::new();
    measures.iter().for_each(|measure| collect(measure, &mut aggregates));
    let mut tables: BTreeSet<usize> =
        dimensions.iter().flat_map(|field| model.fields[*field].tables.iter().copied()).collect();
    for aggregate in &aggregates {
        tables.extend(reach(model, aggregate));
    }
    let records = Records::join(model, alive, &tables)?;

    let mut sums: Vec<Tally> = Vec::new();
    for aggregate in &aggregates {
        sums.push(Tally::new(model, &records, aggregate)?);
    }
    let mut groups: HashMap<Vec<u32>, usize> = HashMap::new();
    let mut keys: Vec<Vec<u32>> = Vec::new();
    if dimensions.is_empty() {
        groups.insert(Vec::new(), 0);
        keys.push(Vec::new());
    }
    for record in records.iter() {
        let key: Vec<u32> = dimensions.iter().map(|field| records.element(model, record, *field)).collect();
        let next = keys.len();
        let group = *groups.entry(key).or_insert_with_key(|key| {
            keys.push(key.clone());
            next
        });
        for sum in &mut sums {
            sum.add(model, &records, record, group);
        }
    }
    let rows = keys.into_iter().enumerate().map(|(group, key)| {
        let mut results = sums.iter().map(|sum| sum.result(group));
        let values =
            measures.iter().map(|measure| measure.value(&mut |_| results.next().unwrap_or(Datum::Null))).collect();
        Group { key, values }
    });
    Some(rows.collect())
}

fn collect<'a>(expression: &'a Expr, found: &mut Vec<&'a Aggregate>) {
    match expression {
        Expr::Aggregate(aggregate) => found.push(aggregate),
        other => other.parts().into_iter().for_each(|part| collect(part, found)),
    }
}

fn fields(expression: &Expr, found: &mut BTreeSet<usize>) {
    match expression {
        Expr::Field(field) => drop(found.insert(*field)),
        other => other.parts().into_iter().for_each(|part| fields(part, found)),
    }
}

/// Whether an aggregation looks at each row, or at the set of values only.
fn by_row(aggregate: &Aggregate) -> bool {
    let counts = matches!(aggregate.function, Function::Sum | Function::Count | Function::Avg);
    counts && !aggregate.distinct
}

/// The tables an aggregation needs: those whose rows it counts (of a key field, the largest that has it),
/// or all that have a value of its fields.
fn reach(model: &Model, aggregate: &Aggregate) -> BTreeSet<usize> {
    let mut used = BTreeSet::new();
    fields(&aggregate.of, &mut used);
    let tables = used.iter().map(|field| &model.fields[*field].tables);
    if by_row(aggregate) {
        let largest = |tables: &Vec<usize>| tables.iter().copied().max_by_key(|table| model.tables[*table].rows);
        tables.filter_map(largest).collect()
    } else {
        tables.flatten().copied().collect()
    }
}

/// One aggregation, summed up for every group.
struct Tally<'a> {
    aggregate: &'a Aggregate,
    /// The places in a record of the tables whose rows count once.
    places: Vec<usize>,
    rows: HashSet<(usize, Vec<u32>)>,
    values: HashSet<(usize, String)>,
    groups: Vec<Sum>,
}

#[derive(Clone, Debug, Default)]
struct Sum {
    total: f64,
    numbers: u32,
    count: u32,
    least: Option<(f64, Datum)>,
    most: Option<(f64, Datum)>,
    only: Option<Datum>,
    several: bool,
}

impl<'a> Tally<'a> {
    fn new(model: &Model, records: &Records, aggregate: &'a Aggregate) -> Option<Self> {
        let places = match by_row(aggregate) {
            true => reach(model, aggregate).into_iter().map(|table| records.place(table)).collect::<Option<_>>()?,
            false => Vec::new(),
        };
        let (rows, values, groups) = (HashSet::new(), HashSet::new(), Vec::new());
        Some(Self { aggregate, places, rows, values, groups })
    }

    fn add(&mut self, model: &Model, records: &Records, record: &[u32], group: usize) {
        if group >= self.groups.len() {
            self.groups.resize_with(group + 1, Sum::default);
        }
        if !self.places.is_empty() {
            let rows: Vec<u32> = self.places.iter().map(|place| record[*place]).collect();
            if rows.contains(&NO_ROW) || !self.rows.insert((group, rows)) {
                return;
            }
        }
        let value = inner(model, records, record, &self.aggregate.of);
        if value.is_null() || (self.aggregate.distinct && !self.values.insert((group, value.text()))) {
            return;
        }
        let sum = &mut self.groups[group];
        sum.count += 1;
        if let Some(number) = value.number() {
            sum.total += number;
            sum.numbers += 1;
            if sum.least.as_ref().is_none_or(|(least, _)| number < *least) {
                sum.least = Some((number, value.clone()));
            }
            if sum.most.as_ref().is_none_or(|(most, _)| number > *most) {
                sum.most = Some((number, value.clone()));
            }
        }
        sum.several |= sum.only.as_ref().is_some_and(|only| only.text() != value.text());
        sum.only = Some(value);
    }

    fn result(&self, group: usize) -> Datum {
        let empty = Sum::default();
        let sum = self.groups.get(group).unwrap_or(&empty);
        let end = |end: &Option<(f64, Datum)>| end.as_ref().map_or(Datum::Null, |(_, datum)| datum.clone());
        match self.aggregate.function {
            Function::Sum => Datum::Number(sum.total),
            Function::Count => Datum::Number(f64::from(sum.count)),
            Function::Avg if sum.numbers == 0 => Datum::Null,
            Function::Avg => Datum::Number(sum.total / f64::from(sum.numbers)),
            Function::Min => end(&sum.least),
            Function::Max => end(&sum.most),
            Function::Only if sum.several => Datum::Null,
            Function::Only => sum.only.clone().unwrap_or(Datum::Null),
        }
    }
}

/// The value of what stands inside an aggregation, for one record.
fn inner(model: &Model, records: &Records, record: &[u32], expression: &Expr) -> Datum {
    expression.value(&mut |leaf| match leaf {
        Expr::Field(field) => match records.element(model, record, *field) {
            NULL => Datum::Null,
            element => of_field(model, *field, element),
        },
        _ => Datum::Null,
    })
}

/// A value of a field: plain numbers lose the text they were read from, dates and months keep it.
fn of_field(model: &Model, field: usize, element: u32) -> Datum {
    let field = &model.fields[field];
    match field.values.get(element as usize) {
        Some(value) if matches!(field.kind, Kind::Integer | Kind::Real) => Datum::Number(value.num),
        Some(value) => Datum::Value(value.clone()),
        None => Datum::Null,
    }
}
