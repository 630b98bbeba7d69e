//! The order of a dimension's values and of a table's rows.

use std::cmp::Ordering;

use super::View;
use super::def::SortCriteria;
use super::eval::evaluate;

impl SortCriteria {
    /// Up, down or neither, as the engine marks it in a layout.
    pub(crate) fn indicator(&self, reverse: bool) -> &'static str {
        let steps = [
            self.q_sort_by_state,
            self.q_sort_by_expression,
            self.q_sort_by_frequency,
            self.q_sort_by_numeric,
            self.q_sort_by_ascii,
            self.q_sort_by_load_order,
        ];
        match steps.into_iter().find(|step| *step != 0) {
            None => "N",
            Some(step) if (step > 0) == reverse => "D",
            Some(_) => "A",
        }
    }
}

/// The place of each value of a field when sorted; without any criterion that is the load order.
pub(crate) fn ranks(view: &View<'_>, field: usize, by: &SortCriteria, reverse: bool) -> Vec<usize> {
    let values = &view.model.fields[field].values;
    let mut criteria: Vec<(i64, Vec<f64>)> = Vec::new();
    if by.q_sort_by_state != 0 {
        let states = view.selections.states(view.model, field);
        criteria.push((by.q_sort_by_state, states.0.iter().map(|state| f64::from(*state as u8)).collect()));
    }
    if by.q_sort_by_expression != 0 {
        criteria.push((by.q_sort_by_expression, expression(view, field, by.q_expression.text())));
    }
    if by.q_sort_by_frequency != 0 {
        criteria.push((by.q_sort_by_frequency, frequencies(view, field)));
    }
    if by.q_sort_by_numeric != 0 {
        criteria.push((by.q_sort_by_numeric, values.iter().map(|value| value.num).collect()));
    }
    let compare = |a: &usize, b: &usize| {
        let mut order = Ordering::Equal;
        for (step, keys) in &criteria {
            order = order.then_with(|| turn(numbers(keys[*a], keys[*b]), *step));
        }
        order
            .then_with(|| match by.q_sort_by_ascii {
                0 => Ordering::Equal,
                step => turn(texts(&values[*a].text, &values[*b].text), step),
            })
            .then_with(|| turn(a.cmp(b), by.q_sort_by_load_order.signum() | 1))
    };
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| if reverse { compare(b, a) } else { compare(a, b) });
    let mut ranks = vec![0; values.len()];
    for (rank, element) in order.into_iter().enumerate() {
        ranks[element] = rank;
    }
    ranks
}

/// How often each value of a field stands in the rows that are alive.
pub(crate) fn frequencies(view: &View<'_>, field: usize) -> Vec<f64> {
    let mut counts = vec![0.0; view.model.fields[field].values.len()];
    let tables = view.model.fields[field].tables.iter();
    let largest = tables.max_by_key(|table| view.model.tables[**table].rows);
    let Some((table, column)) = largest.and_then(|t| Some((*t, view.model.tables[*t].column(field)?))) else {
        return counts;
    };
    for (element, alive) in column.iter().zip(&view.alive[table]) {
        if let Some(count) = counts.get_mut(*element as usize).filter(|_| *alive) {
            *count += 1.0;
        }
    }
    counts
}

fn expression(view: &View<'_>, field: usize, text: &str) -> Vec<f64> {
    let mut numbers = vec![f64::NAN; view.model.fields[field].values.len()];
    let groups = view.parse(text).ok().and_then(|e| evaluate(view.model, view.alive, &[field], &[e]));
    for group in groups.unwrap_or_default() {
        let place = group.key.first().and_then(|element| numbers.get_mut(*element as usize));
        if let (Some(place), Some(value)) = (place, group.values.first()) {
            *place = value.number().unwrap_or(f64::NAN);
        }
    }
    numbers
}

pub(crate) fn turn(order: Ordering, step: i64) -> Ordering {
    if step < 0 { order.reverse() } else { order }
}

/// Texts and nulls, which have no number, come after the numbers.
pub(crate) fn numbers(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

pub(crate) fn texts(a: &str, b: &str) -> Ordering {
    a.to_lowercase().cmp(&b.to_lowercase()).then_with(|| a.cmp(b))
}
