//! Selections, and what they leave possible in every field.

use std::collections::BTreeSet;

use super::table::{Model, NULL};

/// The state of a value, as the engine names it on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    Locked,
    Selected,
    Option,
    Alternative,
    Excluded,
    SelectedExcluded,
    LockedExcluded,
}

impl State {
    pub(crate) fn wire(self) -> &'static str {
        match self {
            Self::Locked => "L",
            Self::Selected => "S",
            Self::Option => "O",
            Self::Alternative => "A",
            Self::Excluded => "X",
            Self::SelectedExcluded => "XS",
            Self::LockedExcluded => "XL",
        }
    }
}

/// The states of a field's values, by element number.
#[derive(Clone, Debug)]
pub(crate) struct States(pub(crate) Vec<State>);

impl States {
    /// How many values are in a state.
    pub(crate) fn count(&self, state: State) -> usize {
        self.0.iter().filter(|known| **known == state).count()
    }

    /// The elements whose states fit.
    pub(crate) fn elements(&self, fits: fn(State) -> bool) -> impl Iterator<Item = u32> {
        (0u32..).zip(&self.0).filter(move |(_, state)| fits(**state)).map(|(element, _)| element)
    }

    pub(crate) fn get(&self, element: u32) -> Option<State> {
        self.0.get(element as usize).copied()
    }
}

/// The values selected in one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selection {
    pub(crate) field: usize,
    pub(crate) values: BTreeSet<u32>,
    pub(crate) locked: bool,
}

/// All selections of a session, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selections {
    fields: Vec<Selection>,
}

impl Selections {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Selection> {
        self.fields.iter()
    }

    pub(crate) fn of(&self, field: usize) -> Option<&Selection> {
        self.fields.iter().find(|selection| selection.field == field)
    }

    /// Makes `values` the selection of a field; false when a lock stands against it.
    pub(crate) fn select(&mut self, model: &Model, field: usize, values: BTreeSet<u32>) -> bool {
        let known = model.fields.get(field).map_or(0, |field| field.values.len());
        if values.iter().any(|value| *value as usize >= known) {
            return false;
        }
        if self.of(field).is_some_and(|selection| selection.locked) {
            return false;
        }
        if !values.is_empty() {
            // What a locked field excludes cannot be selected.
            let locked = Scope::new(model, self.fields.iter().filter(|s| s.locked));
            let possible = locked.possible(field);
            if !values.iter().any(|value| possible[*value as usize]) {
                return false;
            }
        }
        self.fields.retain(|selection| selection.field != field);
        if !values.is_empty() {
            self.fields.push(Selection { field, values, locked: false });
        }
        true
    }

    pub(crate) fn lock(&mut self, field: usize, locked: bool) -> bool {
        let found = self.fields.iter_mut().find(|s| s.field == field);
        found.map(|selection| selection.locked = locked).is_some()
    }

    pub(crate) fn lock_all(&mut self, locked: bool) {
        for selection in &mut self.fields {
            selection.locked = locked;
        }
    }

    /// Clears every field but those to `keep`, and the locked ones unless told otherwise.
    pub(crate) fn clear(&mut self, locked_too: bool, keep: Option<usize>) {
        self.fields.retain(|s| (s.locked && !locked_too) || Some(s.field) == keep);
    }

    /// The selections that count. When two exclude each other the newer wins and the older waits
    /// as "selected excluded"; what is locked comes before all.
    fn effective(&self, model: &Model) -> Vec<&Selection> {
        let mut counted: Vec<&Selection> = Vec::new();
        let newest_first = |locked| self.fields.iter().rev().filter(move |s| s.locked == locked);
        for selection in newest_first(true).chain(newest_first(false)) {
            let possible = Scope::new(model, counted.iter().copied()).possible(selection.field);
            let fits = |value: &u32| possible.get(*value as usize) == Some(&true);
            if selection.values.iter().any(fits) {
                counted.push(selection);
            }
        }
        counted
    }

    /// What the selections leave of each table: a flag per row.
    pub(crate) fn alive(&self, model: &Model) -> Vec<Vec<bool>> {
        let scope = Scope::new(model, self.effective(model).into_iter());
        (0..model.tables.len()).map(|table| scope.rows(table, None)).collect()
    }

    /// The state of every value of a field.
    pub(crate) fn states(&self, model: &Model, field: usize) -> States {
        let effective = self.effective(model);
        let possible = Scope::new(model, effective.iter().copied()).possible(field);
        let Some(own) = self.of(field) else {
            let state = |possible| if possible { State::Option } else { State::Excluded };
            return States(possible.into_iter().map(state).collect());
        };
        let others = effective.into_iter().filter(|s| s.field != field);
        let without = Scope::new(model, others).possible(field);
        let state = |element: usize| {
            let chosen = u32::try_from(element).is_ok_and(|e| own.values.contains(&e));
            match (chosen, own.locked) {
                (true, false) if possible[element] => State::Selected,
                (true, true) if possible[element] => State::Locked,
                (true, false) => State::SelectedExcluded,
                (true, true) => State::LockedExcluded,
                (false, _) if possible[element] => State::Option,
                (false, _) if without[element] => State::Alternative,
                (false, _) => State::Excluded,
            }
        };
        States((0..possible.len()).map(state).collect())
    }
}

/// Some selections, spread over the tables by the links between them.
struct Scope<'a> {
    model: &'a Model,
    /// By field: which values its selection allows.
    allowed: Vec<Option<&'a BTreeSet<u32>>>,
}

impl<'a> Scope<'a> {
    fn new(model: &'a Model, selections: impl Iterator<Item = &'a Selection>) -> Self {
        let mut allowed = vec![None; model.fields.len()];
        for selection in selections {
            if let Some(slot) = allowed.get_mut(selection.field) {
                *slot = Some(&selection.values);
            }
        }
        Self { model, allowed }
    }

    /// Which values of a field stand in a row that is still there.
    fn possible(&self, field: usize) -> Vec<bool> {
        let mut possible = vec![false; self.model.fields[field].values.len()];
        for table in &self.model.fields[field].tables {
            self.mark(&mut possible, *table, field, None);
        }
        possible
    }

    fn mark(&self, values: &mut [bool], table: usize, field: usize, via: Option<usize>) {
        let Some(column) = self.model.tables[table].column(field) else {
            return;
        };
        for (alive, element) in self.rows(table, via).into_iter().zip(column) {
            if alive && *element != NULL {
                values[*element as usize] = true;
            }
        }
    }

    /// Which rows of a table fit its own selections and those of every table linked to it,
    /// but for what lies behind the field `via`.
    fn rows(&self, table: usize, via: Option<usize>) -> Vec<bool> {
        let mut alive = vec![true; self.model.tables[table].rows];
        for (field, column) in &self.model.tables[table].columns {
            if let Some(allowed) = self.allowed[*field] {
                for (alive, element) in alive.iter_mut().zip(column) {
                    *alive &= allowed.contains(element);
                }
            }
            if Some(*field) == via {
                continue;
            }
            for other in &self.model.fields[*field].tables {
                if *other == table || !self.narrowed(*other, *field) {
                    continue;
                }
                let mut linked = vec![false; self.model.fields[*field].values.len()];
                self.mark(&mut linked, *other, *field, Some(*field));
                for (alive, element) in alive.iter_mut().zip(column) {
                    *alive &= *element != NULL && linked[*element as usize];
                }
            }
        }
        alive
    }

    /// Whether any selection lies in a table or behind it, seen from the field `via`. Where none does, a row
    /// without a partner there stays.
    fn narrowed(&self, table: usize, via: usize) -> bool {
        let mut others = self.model.tables[table].columns.iter().map(|(field, _)| *field);
        others.any(|field| {
            field != via
                && (self.allowed[field].is_some()
                    || self.model.fields[field].tables.iter().any(|next| *next != table && self.narrowed(*next, field)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{brute, sales};

    fn find(model: &Model, field: &str, texts: &[&str]) -> (usize, BTreeSet<u32>) {
        let field = model.field(field).expect("a field");
        let of = |text: &&str| {
            let place = model.fields[field].values.iter().position(|v| v.text == **text);
            u32::try_from(place.expect("a value")).expect("small")
        };
        (field, texts.iter().map(of).collect())
    }

    fn state(selections: &Selections, model: &Model, field: &str, text: &str) -> State {
        let (field, value) = find(model, field, &[text]);
        selections.states(model, field).0[*value.first().expect("one") as usize]
    }

    #[test]
    fn a_selection_runs_through_the_links() {
        let model = sales();
        let mut selections = Selections::default();
        let (region, nordics) = find(&model, "Region", &["Nordics"]);
        assert!(selections.select(&model, region, nordics));
        assert_eq!(state(&selections, &model, "Region", "Nordics"), State::Selected);
        assert_eq!(state(&selections, &model, "Region", "Americas"), State::Alternative);
        assert_eq!(state(&selections, &model, "Country", "Sweden"), State::Option);
        assert_eq!(state(&selections, &model, "Country", "Iceland"), State::Option);
        assert_eq!(state(&selections, &model, "Country", "USA"), State::Excluded);
        // Orders of customers that the customer table lacks belong to no region.
        assert_eq!(state(&selections, &model, "CustomerID", "C901"), State::Excluded);
    }

    #[test]
    fn the_newer_of_two_that_exclude_each_other_wins_until_it_is_cleared() {
        let model = sales();
        let mut selections = Selections::default();
        let (region, nordics) = find(&model, "Region", &["Nordics"]);
        let (country, usa) = find(&model, "Country", &["USA"]);
        assert!(selections.select(&model, region, nordics));
        assert!(selections.select(&model, country, usa));
        assert_eq!(state(&selections, &model, "Region", "Nordics"), State::SelectedExcluded);
        assert_eq!(state(&selections, &model, "Country", "USA"), State::Selected);
        assert!(selections.select(&model, country, BTreeSet::new()));
        assert_eq!(state(&selections, &model, "Region", "Nordics"), State::Selected);
    }

    #[test]
    fn a_lock_stands() {
        let model = sales();
        let mut selections = Selections::default();
        let (region, nordics) = find(&model, "Region", &["Nordics"]);
        let (_, americas) = find(&model, "Region", &["Americas"]);
        let (country, usa) = find(&model, "Country", &["USA"]);
        assert!(selections.select(&model, region, nordics));
        assert!(selections.lock(region, true));
        assert_eq!(state(&selections, &model, "Region", "Nordics"), State::Locked);
        assert!(!selections.select(&model, region, americas));
        assert!(!selections.select(&model, country, usa));
        selections.clear(false, None);
        assert!(selections.of(region).is_some());
        selections.clear(true, None);
        assert!(selections.of(region).is_none());
        assert!(!selections.select(&model, region, BTreeSet::from([9_999])));
    }

    #[test]
    fn states_equal_those_counted_over_the_joined_rows() {
        let mut dice = brute::Dice::new(7);
        for round in 0..100 {
            let model = if round % 10 == 0 { sales() } else { brute::random(&mut dice).into() };
            let rows = brute::joined(&model);
            let mut selections = Selections::default();
            for _ in 0..1 + dice.below(3) {
                let field = dice.below(model.fields.len());
                let values = (0..1 + dice.below(6))
                    .map(|_| u32::try_from(dice.below(model.fields[field].values.len())).expect("small"));
                selections.select(&model, field, values.collect());
            }
            for field in 0..model.fields.len() {
                let expected = brute::states(&model, &rows, &selections, field);
                assert_eq!(selections.states(&model, field).0, expected, "{selections:?} {field}");
            }
        }
    }
}
