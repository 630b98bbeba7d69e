//! Finds the line and column of an action, or of a key inside it, in an overlay's text.
//!
//! YAML libraries drop positions. Overlays are written in block style, where indentation alone says what belongs to
//! what, so a scan over the lines finds them again. Where a part is written in flow style, the nearest key around it
//! is named.

/// One line: how deep it is indented and what it says; none for blank lines and comments.
type Line<'t> = Option<(usize, &'t str)>;

/// The lines (from 1) on which the actions start.
pub(super) fn action_lines(text: &str) -> Vec<usize> {
    let lines: Vec<Line<'_>> = text.lines().map(line).collect();
    let starts = head(&lines).map(|head| item_starts(&lines, head + 1)).unwrap_or_default();
    starts.into_iter().map(|start| start + 1).collect()
}

/// Line and column (from 1) of the `index`-th action, or of the key that `keys` leads to inside it.
pub(super) fn of_action(text: &str, index: usize, keys: &[&str]) -> (usize, usize) {
    let lines: Vec<Line<'_>> = text.lines().map(line).collect();
    let Some(head) = head(&lines) else { return (1, 1) };
    let starts = item_starts(&lines, head + 1);
    let Some(&start) = starts.get(index) else { return (head + 1, 1) };
    let end = starts.get(index + 1).copied().unwrap_or(lines.len());
    let mut block = lines.get(start..end).unwrap_or_default().to_vec();
    let column = first_content(&block).map_or(1, |(indent, _)| indent + 1);
    open_item(&mut block);
    key_in(&block, keys).map_or((start + 1, column), |(offset, column)| (start + offset + 1, column))
}

/// Line and column of a key of the document itself.
pub(super) fn of_key(text: &str, key: &str) -> (usize, usize) {
    let lines: Vec<Line<'_>> = text.lines().map(line).collect();
    key_in(&lines, &[key]).map_or((1, 1), |(offset, column)| (offset + 1, column))
}

fn line(text: &str) -> Line<'_> {
    let content = text.trim_start_matches(' ');
    let blank = content.trim_end().is_empty() || content.starts_with('#');
    (!blank).then_some((text.len() - content.len(), content))
}

/// The line that opens the list of actions.
fn head(lines: &[Line<'_>]) -> Option<usize> {
    lines.iter().position(|line| line.is_some_and(|(indent, text)| indent == 0 && is_key(text, "actions")))
}

/// The lines on which the list that starts after `head` has its entries: dashes as deep as the first one.
fn item_starts(lines: &[Line<'_>], head: usize) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut depth = None;
    for (number, line) in lines.iter().enumerate().skip(head) {
        let Some((indent, text)) = *line else {
            continue;
        };
        let dash = text == "-" || text.starts_with("- ");
        match depth {
            None if dash => depth = Some(indent),
            None => break,
            Some(depth) if indent < depth || (indent == depth && !dash) => break,
            Some(_) => {}
        }
        if depth == Some(indent) {
            starts.push(number);
        }
    }
    starts
}

/// Takes the dash off an entry's first line, so that its first key is as deep as the others.
fn open_item(block: &mut [Line<'_>]) {
    if let Some(Some((indent, text))) = block.first_mut() {
        let content = text.trim_start_matches('-').trim_start_matches(' ');
        *indent += text.len() - content.len();
        *text = content;
    }
}

/// The deepest key of the path that stands in the block: its line's offset and its column.
fn key_in(block: &[Line<'_>], keys: &[&str]) -> Option<(usize, usize)> {
    let (key, rest) = keys.split_first()?;
    let depth = first_content(block)?.0;
    let at = block.iter().position(|line| line.is_some_and(|(indent, text)| indent == depth && is_key(text, key)))?;
    let below = block.get(at + 1..).unwrap_or_default();
    let end = below.iter().position(|line| line.is_some_and(|(indent, _)| indent <= depth)).unwrap_or(below.len());
    let found = key_in(below.get(..end).unwrap_or_default(), rest);
    Some(found.map_or((at, depth + 1), |(offset, column)| (at + 1 + offset, column)))
}

fn first_content<'t>(block: &[Line<'t>]) -> Line<'t> {
    block.iter().copied().flatten().next()
}

/// Whether a line starts with the key, plain or quoted.
fn is_key(text: &str, key: &str) -> bool {
    let plain = key.to_owned();
    let single = format!("'{}'", key.replace('\'', "''"));
    let double = format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""));
    [plain, single, double].iter().any(|form| {
        let after = text.strip_prefix(form.as_str()).map(str::trim_start);
        after.is_some_and(|after| after == ":" || after.starts_with(": "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
overlay: 1.0.0
extends: rest/a.json
actions:
  # the first
  - target: $.a
    description: |
      - target: not this one

      actions:
    update: {x: 1}

  - description: second
    target: $.b
    update:
      'it''s': 1
      \"/p/{id}\":
        get:
          summary: Words
";

    #[test]
    fn actions_and_their_keys_are_found() {
        assert_eq!(of_action(TEXT, 0, &[]), (5, 3));
        assert_eq!(of_action(TEXT, 0, &["target"]), (5, 5));
        assert_eq!(of_action(TEXT, 0, &["description"]), (6, 5));
        assert_eq!(of_action(TEXT, 1, &[]), (12, 3));
        assert_eq!(of_action(TEXT, 1, &["target"]), (13, 5));
        assert_eq!(of_action(TEXT, 1, &["update", "it's"]), (15, 7));
        assert_eq!(of_action(TEXT, 1, &["update", "/p/{id}", "get", "summary"]), (18, 11));
        assert_eq!(of_key(TEXT, "extends"), (2, 1));
        assert_eq!(action_lines(TEXT), [5, 12]);
    }

    #[test]
    fn what_cannot_be_found_is_shown_at_what_is_around_it() {
        assert_eq!(of_action(TEXT, 0, &["update", "x"]), (10, 5));
        assert_eq!(of_action(TEXT, 1, &["update", "/p/{id}", "put"]), (16, 7));
        assert_eq!(of_action(TEXT, 7, &[]), (3, 1));
        assert_eq!(of_action("overlay: 1.0.0\n", 0, &[]), (1, 1));
        assert_eq!(of_action("actions: [{target: $}]\n", 0, &["target"]), (1, 1));
        assert_eq!(of_action("actions:\n- target: $.a\n- target: $.b\nx: 1\n", 1, &["target"]), (3, 3));
    }
}
