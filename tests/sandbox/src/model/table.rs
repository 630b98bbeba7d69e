//! Tables, their fields, and the values of each field: one list of values per field name, shared by all its tables.

use std::collections::HashMap;

/// The place of a value in a column that holds none.
pub(crate) const NULL: u32 = u32::MAX;

/// A value of a field: a text, and a number where it has one (a "dual").
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Value {
    pub(crate) text: String,
    /// NaN when the value is text only.
    pub(crate) num: f64,
}

/// What the values of a field have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer,
    Real,
    /// ISO days, numbered from 1899-12-30.
    Date,
    /// Short English month names, numbered from 1.
    Month,
}

/// A field: its values in load order; a value's index is its element number.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) values: Vec<Value>,
    /// The tables that have this field; more than one makes it a key.
    pub(crate) tables: Vec<usize>,
}

impl Field {
    /// The tags the engine gives to such a field.
    pub(crate) fn tags(&self) -> Vec<&'static str> {
        let mut tags = if self.tables.len() > 1 { vec!["$key"] } else { Vec::new() };
        tags.extend(match self.kind {
            Kind::Text => &["$ascii", "$text"][..],
            Kind::Integer | Kind::Month => &["$numeric", "$integer"],
            Kind::Real => &["$numeric"],
            Kind::Date => &["$numeric", "$integer", "$timestamp", "$date"],
        });
        tags
    }

    /// About how many bytes its values take.
    pub(crate) fn bytes(&self) -> usize {
        self.values.iter().map(|value| value.text.len() + 8).sum()
    }
}

/// A table: for each of its fields a column of element numbers.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) rows: usize,
    /// (field, column) in the order of the source.
    pub(crate) columns: Vec<(usize, Vec<u32>)>,
}

impl Table {
    pub(crate) fn column(&self, field: usize) -> Option<&[u32]> {
        let (_, column) = self.columns.iter().find(|(f, _)| *f == field)?;
        Some(column)
    }

    /// The element of a field in a row; `NULL` when there is none.
    pub(crate) fn element(&self, field: usize, row: u32) -> u32 {
        let element = self.column(field).and_then(|c| c.get(row as usize));
        element.copied().unwrap_or(NULL)
    }
}

/// Tables associated by the fields that have the same name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) tables: Vec<Table>,
    pub(crate) fields: Vec<Field>,
}

impl Model {
    /// Reads tables from CSV with a header line, whose columns are parted by whichever of `,`, `;` and tab it has most
    /// of. An empty cell is null, and so is what a short row lacks.
    pub(crate) fn from_csv(sources: &[(&str, &str)]) -> Result<Self, String> {
        let mut model = Self::default();
        let mut seen: Vec<HashMap<String, u32>> = Vec::new();
        for (name, text) in sources {
            let fail = |error: csv::Error| format!("table {name}: {error}");
            let text = text.trim_start_matches('\u{feff}');
            let head = text.lines().next().unwrap_or_default();
            let parted = |sign: &u8| head.bytes().filter(|byte| byte == sign).count();
            let sign = [b'\t', b';', b','].into_iter().max_by_key(parted).unwrap_or(b',');
            let mut reader = csv::ReaderBuilder::new().delimiter(sign).flexible(true).from_reader(text.as_bytes());
            let header = reader.headers().map_err(fail)?.clone();
            let mut columns = Vec::new();
            for title in header.iter().map(str::trim) {
                let field = model.field_or_new(title, &mut seen);
                if model.fields[field].tables.contains(&model.tables.len()) {
                    return Err(format!("table {name} has two columns named {title}: rename one"));
                }
                model.fields[field].tables.push(model.tables.len());
                columns.push((field, Vec::new()));
            }
            let mut rows = 0;
            for record in reader.records() {
                let record = record.map_err(fail)?;
                for (place, (field, column)) in columns.iter_mut().enumerate() {
                    let cell = record.get(place).unwrap_or_default();
                    column.push(element_of(&mut model.fields[*field], &mut seen[*field], cell));
                }
                rows += 1;
            }
            model.tables.push(Table { name: (*name).to_owned(), rows, columns });
        }
        for field in &mut model.fields {
            interpret(field);
        }
        model.refuse_loops()?;
        Ok(model)
    }

    /// The number of a field by its name, which is case-sensitive.
    pub(crate) fn field(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    /// The names of the tables that have a field.
    pub(crate) fn tables_of(&self, field: usize) -> Vec<&str> {
        self.fields[field].tables.iter().map(|table| self.tables[*table].name.as_str()).collect()
    }

    /// How many rows of all tables have a value of a field.
    pub(crate) fn filled(&self, field: usize) -> usize {
        let columns = self.fields[field].tables.iter().filter_map(|table| self.tables[*table].column(field));
        columns.flatten().filter(|element| **element != NULL).count()
    }

    fn field_or_new(&mut self, name: &str, seen: &mut Vec<HashMap<String, u32>>) -> usize {
        self.field(name).unwrap_or_else(|| {
            self.fields.push(Field { name: name.to_owned(), kind: Kind::Text, values: Vec::new(), tables: Vec::new() });
            seen.push(HashMap::new());
            self.fields.len() - 1
        })
    }

    /// Inference walks the tables as a tree, so a loop of links has no defined answer here.
    fn refuse_loops(&self) -> Result<(), String> {
        let mut group: Vec<usize> = (0..self.tables.len()).collect();
        for field in &self.fields {
            for pair in field.tables.windows(2) {
                let (a, b) = (group[pair[0]], group[pair[1]]);
                if a == b {
                    let [one, other] = [pair[0], pair[1]].map(|table| &self.tables[table].name);
                    return Err(format!(
                        "{one} and {other} are linked already, and would be again by {}: rename that column in one of them",
                        field.name
                    ));
                }
                for g in &mut group {
                    if *g == b {
                        *g = a;
                    }
                }
            }
        }
        Ok(())
    }
}

fn element_of(field: &mut Field, seen: &mut HashMap<String, u32>, cell: &str) -> u32 {
    if cell.is_empty() {
        return NULL;
    }
    if let Some(element) = seen.get(cell) {
        return *element;
    }
    let element = u32::try_from(field.values.len()).unwrap_or(NULL);
    field.values.push(Value { text: cell.to_owned(), num: f64::NAN });
    seen.insert(cell.to_owned(), element);
    element
}

/// Gives the values of a field their numbers when all of them have one of the same kind.
fn interpret(field: &mut Field) {
    type Reading = fn(&str) -> Option<f64>;
    let integer: Reading = |text| text.parse::<i64>().ok().map(|number| number as f64);
    let real: Reading = |text| text.parse().ok().filter(|number: &f64| number.is_finite());
    let readings =
        [(Kind::Integer, integer), (Kind::Real, real), (Kind::Date, day_number), (Kind::Month, month_number)];
    for (kind, read) in readings {
        let numbers: Option<Vec<f64>> = field.values.iter().map(|value| read(&value.text)).collect();
        if let Some(numbers) = numbers.filter(|numbers| !numbers.is_empty()) {
            field.kind = kind;
            for (value, number) in field.values.iter_mut().zip(numbers) {
                value.num = number;
            }
            return;
        }
    }
}

fn month_number(text: &str) -> Option<f64> {
    const NAMES: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let place = NAMES.iter().position(|name| *name == text)?;
    Some((place + 1) as f64)
}

/// Days from 1899-12-30 to an ISO date of the Gregorian calendar.
fn day_number(text: &str) -> Option<f64> {
    let mut parts = text.splitn(3, '-');
    let year: i64 = parts.next().filter(|part| part.len() == 4)?.parse().ok()?;
    let month: i64 = parts.next().filter(|part| part.len() == 2)?.parse().ok()?;
    let day: i64 = parts.next().filter(|part| part.len() == 2)?.parse().ok()?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years that begin in March put the leap day last.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * y + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (153 * m + 2) / 5 + day;
    const DAYS_TO_1899_12_30: i64 = 693_900;
    Some((days - DAYS_TO_1899_12_30) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_count_from_the_engines_epoch() {
        assert_eq!(day_number("1899-12-30"), Some(0.0));
        assert_eq!(day_number("1900-01-01"), Some(2.0));
        assert_eq!(day_number("2024-02-29"), Some(45_351.0));
        assert_eq!(day_number("2024-13-01"), None);
        assert_eq!(day_number("24-1-1"), None);
    }

    #[test]
    fn fields_are_shared_by_name_and_typed_by_their_values() {
        let model =
            Model::from_csv(&[("A", "K,N,D\na,1,2024-01-01\nb,2,\n"), ("B", "K,M\nb,1.5\nc,2\n")]).expect("two tables");
        let kinds: Vec<Kind> = model.fields.iter().map(|field| field.kind).collect();
        assert_eq!(kinds, [Kind::Text, Kind::Integer, Kind::Date, Kind::Real]);
        assert_eq!(model.fields[0].tables, [0, 1]);
        assert_eq!(model.fields[0].values.len(), 3);
        assert_eq!(model.tables[0].element(2, 1), NULL);
        assert_eq!(model.tables[1].column(0), Some(&[1, 2][..]));
    }

    #[test]
    fn a_loop_of_links_is_refused() {
        let error = Model::from_csv(&[("A", "K,L\n"), ("B", "K,L\n")]).expect_err("a loop");
        assert!(error.contains("by L"), "{error}");
        assert!(Model::from_csv(&[("A", "K,K\n")]).is_err_and(|error| error.contains("two columns named K")));
    }

    #[test]
    fn files_are_read_as_people_have_them() {
        let model = Model::from_csv(&[("A", "\u{feff}K;N \r\n\"a;b\";1\r\nc\r\n"), ("B", "K\tM\nc\t2\n"), ("C", "")])
            .expect("tables");
        let names: Vec<&str> = model.fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["K", "N", "M"]);
        assert_eq!(model.fields[0].values[0].text, "a;b");
        assert_eq!(model.tables[0].element(1, 1), NULL);
    }
}
