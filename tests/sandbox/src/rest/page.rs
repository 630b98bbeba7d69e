//! Lists: filtered, sorted, and in pages `{data, links: {self, next, prev}}` with cursors.

use serde_json::{Value as Json, json};

use super::{Problem, Request};

/// What a list sorts by and how many entries its pages have.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    pub(super) sort: &'static [&'static str],
    /// The order where none is asked for; none at all where it is empty.
    pub(super) by: &'static str,
    pub(super) default: usize,
    pub(super) most: usize,
}

impl List {
    /// The page that the request asks for.
    pub(super) fn page(&self, request: &Request, mut entries: Vec<Json>) -> Result<Json, Problem> {
        if !self.by.is_empty() {
            sort(request, &mut entries, self.sort, self.by)?;
        }
        page(request, entries, self)
    }
}

/// The page that the request asks for.
fn page(request: &Request, entries: Vec<Json>, limit: &List) -> Result<Json, Problem> {
    let size = match request.query("limit") {
        None => limit.default,
        Some(text) => text
            .parse()
            .ok()
            .filter(|size| (1..=limit.most).contains(size))
            .ok_or_else(|| Problem::parameter("limit", &format!("has to be between 1 and {}", limit.most)))?,
    };
    let start = match (request.query("next"), request.query("prev")) {
        (Some(_), Some(_)) => return Err(Problem::parameter("prev", "cannot be sent together with next")),
        (Some(cursor), None) => read(cursor).ok_or_else(|| Problem::parameter("next", "is no cursor of this list"))?,
        (None, Some(cursor)) => {
            let end = read(cursor).ok_or_else(|| Problem::parameter("prev", "is no cursor of this list"))?;
            end.saturating_sub(size)
        }
        (None, None) => 0,
    };
    let total = entries.len();
    let data: Vec<Json> = entries.into_iter().skip(start).take(size).collect();
    let end = start.saturating_add(data.len());
    let mut links = json!({ "self": { "href": href(request, None) } });
    if end < total && !data.is_empty() {
        links["next"] = json!({ "href": href(request, Some(("next", end))) });
    }
    if start > 0 {
        links["prev"] = json!({ "href": href(request, Some(("prev", start))) });
    }
    Ok(json!({ "data": data, "links": links }))
}

/// The URL of this list, or of the page that a cursor leads to.
fn href(request: &Request, cursor: Option<(&str, usize)>) -> String {
    let Some((name, place)) = cursor else { return request.again(&[]) };
    let mut here = request.clone();
    here.query.retain(|(known, _)| known != "next" && known != "prev");
    here.again(&[(name, &write(place))])
}

/// Cursors are opaque to clients: a number behind a mask keeps them from counting on its shape.
const MASK: u64 = 0x5a3c_96e1_0f87_b42d;

pub(super) fn write(place: usize) -> String {
    format!("{:016x}", place as u64 ^ MASK)
}

pub(super) fn read(cursor: &str) -> Option<usize> {
    if cursor.len() != 16 {
        return None;
    }
    let place = u64::from_str_radix(cursor, 16).ok()? ^ MASK;
    usize::try_from(place).ok().filter(|place| *place < 1_000_000)
}

/// Sorts by the parameter `sort`: a field with `+` or `-` before it.
fn sort(request: &Request, entries: &mut [Json], fields: &[&str], default: &str) -> Result<(), Problem> {
    let asked = request.query("sort").unwrap_or(default);
    // A plus sign that was not percent-encoded arrives as a blank.
    let field = asked.trim_start_matches(['+', '-', ' ']);
    if !fields.contains(&field) {
        return Err(Problem::parameter("sort", &format!("has to be one of {}", fields.join(", "))));
    }
    let text = |entry: &Json| entry[field].as_str().unwrap_or_default().to_lowercase();
    entries.sort_by_key(text);
    if asked.starts_with('-') {
        entries.reverse();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_go_there_and_back() {
        for place in [0, 1, 99, 12_345] {
            assert_eq!(read(&write(place)), Some(place));
        }
        assert_eq!(read("0"), None);
        assert_eq!(read("zzzzzzzzzzzzzzzz"), None);
        assert_eq!(read("ffffffffffffffff"), None);
    }
}
