//! Which pages a table is read in: whole or in parts of its width, never more cells at once than the engine gives.

use serde_json::Value;

use crate::json::object;

/// The engine gives at most this many cells in one answer, over all pages of a call.
pub(super) const MAX_CELLS: usize = 10_000;

/// A rectangle of a table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) top: u64,
    pub(super) height: u64,
    pub(super) left: u64,
    pub(super) width: u64,
}

impl Piece {
    pub(super) fn to_json(self) -> Value {
        Value::from([object! { "qLeft": self.left, "qTop": self.top, "qWidth": self.width, "qHeight": self.height }])
    }

    /// Both halves of it, in the order in which they are read; `None` of a single cell.
    pub(super) fn halves(self) -> Option<[Piece; 2]> {
        if self.height > 1 {
            let above = Piece { height: self.height / 2, ..self };
            let below = Piece { top: self.top + above.height, height: self.height - above.height, ..self };
            Some([above, below])
        } else if self.width > 1 {
            let before = Piece { width: self.width / 2, ..self };
            let behind = Piece { left: self.left + before.width, width: self.width - before.width, ..self };
            Some([before, behind])
        } else {
            None
        }
    }
}

/// How large pages may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) cells: usize,
    pub(super) columns: usize,
}

/// The pages of a table from a row on: from the top down, and within each band of rows from left to right.
pub(super) fn pieces(rows: std::ops::Range<u64>, columns: u64, limits: Limits) -> impl Iterator<Item = Piece> + Send {
    let cells = limits.cells.clamp(1, MAX_CELLS) as u64;
    let width = columns.min(limits.columns.max(1) as u64).clamp(1, cells);
    let height = cells / width;
    let bands = (0..).map(move |band| rows.start + band * height).take_while(move |top| *top < rows.end);
    bands.flat_map(move |top| {
        let height = height.min(rows.end - top);
        let parts = (0..).map(move |part| part * width).take_while(move |left| *left < columns);
        parts.map(move |left| Piece { top, height, left, width: width.min(columns - left) })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pages_cover_a_table_once(
            (rows, columns) in (0..300_u64, 1..40_u64), from in 0..300_u64, (cells, most) in (1..200_usize, 1..50_usize),
        ) {
            let from = from.min(rows);
            let mut seen = vec![0; (rows * columns) as usize];
            let limits = Limits { cells, columns: most };
            for piece in pieces(from..rows, columns, limits) {
                prop_assert!(piece.width * piece.height <= cells as u64 && piece.width <= most as u64);
                let halves = piece.halves().map_or(vec![piece], Vec::from);
                for part in halves {
                    for row in part.top..part.top + part.height {
                        for column in part.left..part.left + part.width {
                            seen[(row * columns + column) as usize] += 1;
                        }
                    }
                }
            }
            prop_assert!(seen.iter().enumerate().all(|(cell, times)| *times == i32::from(cell as u64 / columns >= from)));
        }
    }
}
