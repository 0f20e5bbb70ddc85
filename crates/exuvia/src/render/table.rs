//! Tables for a terminal.

use unicode_width::UnicodeWidthStr;

use super::{Ink, Sheet};

/// Between two columns.
const GAP: usize = 2;
/// A column that gives way gives no more than this.
const LEAST: usize = 8;

/// How a column is set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    title: &'static str,
    right: bool,
    gives_way: bool,
    ink: Ink,
}

impl Column {
    /// One set to the left.
    pub(crate) fn left(title: &'static str) -> Self {
        Self {
            title,
            right: false,
            gives_way: false,
            ink: Ink::Plain,
        }
    }

    /// One set to the right: numbers.
    pub(crate) fn right(title: &'static str) -> Self {
        Self {
            right: true,
            ..Self::left(title)
        }
    }

    /// Cut where the terminal is too narrow for all.
    pub(crate) fn gives_way(mut self) -> Self {
        self.gives_way = true;
        self
    }

    /// Written in this ink.
    pub(crate) fn ink(mut self, ink: Ink) -> Self {
        self.ink = ink;
        self
    }
}

/// Rows under titles. A column in which nothing stands is not shown.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(columns: impl Into<Vec<Column>>) -> Self {
        Self {
            columns: columns.into(),
            rows: Vec::new(),
        }
    }

    /// Adds a row, of one cleaned text for each column.
    pub(crate) fn row(&mut self, cells: impl Into<Vec<String>>) {
        self.rows.push(cells.into());
    }

    /// Draws it: a line of titles, a line for each row.
    pub(crate) fn draw(&self, sheet: &Sheet) -> String {
        let widths = self.widths(sheet.width);
        let titles = self.columns.iter().map(|column| column.title);
        let mut lines = vec![self.line(titles, &widths, |_, text| sheet.ink(Ink::Dim, text))];
        for row in &self.rows {
            let cells = row.iter().map(String::as_str);
            lines.push(self.line(cells, &widths, |column, text| sheet.ink(column.ink, text)));
        }
        lines.join("\n")
    }

    /// The columns' widths; 0 for one that is not shown.
    fn widths(&self, room: Option<usize>) -> Vec<usize> {
        let mut widths: Vec<usize> = vec![0; self.columns.len()];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        for (width, column) in widths.iter_mut().zip(&self.columns) {
            if *width > 0 {
                *width = (*width).max(column.title.width());
            }
        }
        if let Some(room) = room {
            self.squeeze(&mut widths, room);
        }
        widths
    }

    /// Takes what is too much from the widest column that gives way, again and again.
    fn squeeze(&self, widths: &mut [usize], room: usize) {
        let shown = widths.iter().filter(|width| **width > 0).count();
        let gaps = GAP * shown.saturating_sub(1);
        while widths.iter().sum::<usize>() + gaps > room {
            let widest = widths
                .iter_mut()
                .zip(&self.columns)
                .filter(|(width, column)| column.gives_way && **width > LEAST)
                .max_by_key(|(width, _)| **width);
            match widest {
                Some((width, _)) => *width -= 1,
                None => return,
            }
        }
    }

    fn line<'a>(
        &self,
        cells: impl Iterator<Item = &'a str>,
        widths: &[usize],
        ink: impl Fn(&Column, &str) -> String,
    ) -> String {
        let mut line = String::new();
        // Spaces are written before the next text, so that no line ends with any.
        let mut owed = 0;
        for ((cell, width), column) in cells.zip(widths).zip(&self.columns) {
            if *width == 0 {
                continue;
            }
            let cell = cut(cell, *width);
            let spare = width.saturating_sub(cell.width());
            if column.right {
                owed += spare;
            }
            if !cell.is_empty() {
                line.extend(std::iter::repeat_n(' ', owed));
                line.push_str(&ink(column, &cell));
                owed = 0;
            }
            if !column.right {
                owed += spare;
            }
            owed += GAP;
        }
        line
    }
}

/// A text of no more than so many columns, an ellipsis where it was cut.
pub(crate) fn cut(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        if kept.width() + c.to_string().width() + 1 > room {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::Offset;

    use super::*;

    fn sheet(width: Option<usize>) -> Sheet {
        Sheet {
            color: false,
            width,
            offset: Offset::UTC,
            now: Timestamp::UNIX_EPOCH,
            home: None,
        }
    }

    fn table() -> Table {
        let mut table = Table::new([
            Column::left("ID"),
            Column::left("NAME").gives_way(),
            Column::right("SIZE"),
            Column::left("TAGS"),
        ]);
        let cells = |cells: [&str; 4]| cells.map(str::to_owned);
        table.row(cells(["a1", "before the new plugin", "505 MB", ""]));
        table.row(cells(["b22", "更新之前", "1 MB", ""]));
        table
    }

    #[test]
    fn columns_stand_below_each_other_and_empty_ones_are_gone() {
        assert_eq!(
            table().draw(&sheet(None)),
            "ID   NAME                     SIZE\n\
             a1   before the new plugin  505 MB\n\
             b22  更新之前                 1 MB"
        );
    }

    #[test]
    fn a_narrow_terminal_cuts_what_gives_way() {
        let drawn = table().draw(&sheet(Some(24)));
        assert_eq!(
            drawn,
            "ID   NAME           SIZE\n\
             a1   before the…  505 MB\n\
             b22  更新之前       1 MB"
        );
        assert!(drawn.lines().all(|line| line.width() <= 24), "{drawn}");
        // No room at all cuts no more than to the least.
        assert!(table().draw(&sheet(Some(1))).contains("before …"));
    }
}
