//! What the commands print for people: amounts, times, tables and lists, all in one manner.
//!
//! Text from outside (names, paths, descriptions) is cleaned here, on its way to the terminal.

mod amount;
mod facts;
mod ink;
mod prose;
mod sheet;
mod table;
mod time;

pub(crate) use amount::{bytes, count, number, took};
pub(crate) use facts::Facts;
pub(crate) use ink::Ink;
pub(crate) use prose::wrap;
pub(crate) use sheet::Sheet;
pub(crate) use table::{Column, Table};
pub(crate) use time::{age, moment, short_moment};

use std::path::Path;

use exuvia_model::text;

/// Longest name or path that is shown whole.
const LONGEST: usize = 4096;

/// A path as a terminal may show it.
pub(crate) fn path(path: &Path) -> String {
    text::one_line(&path.display().to_string(), LONGEST)
}

/// A name or a line of somebody's, as a terminal may show it.
pub(crate) fn line(text: &str) -> String {
    text::one_line(text, LONGEST)
}

/// A path below the user's home, as one says it.
pub(crate) fn below_home(path: &Path, home: Option<&Path>) -> String {
    match home.and_then(|home| path.strip_prefix(home).ok()) {
        Some(rest) if rest.as_os_str().is_empty() => "~".to_owned(),
        Some(rest) => self::path(&Path::new("~").join(rest)),
        None => self::path(path),
    }
}

/// A word that a shell takes as this text: quoted where it must be.
pub(crate) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./:=@%+,~".contains(c);
    if !text.is_empty() && !text.starts_with('~') && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_is_told_can_be_pasted() {
        assert_eq!(shell_word("/srv/open-claw"), "/srv/open-claw");
        assert_eq!(shell_word("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(shell_word(""), "''");
        assert_eq!(shell_word("~x"), "'~x'");
    }

    #[test]
    fn paths_are_told_from_home() {
        let home = Some(Path::new("/home/me"));
        assert_eq!(
            below_home(Path::new("/home/me/.openclaw"), home),
            "~/.openclaw"
        );
        assert_eq!(below_home(Path::new("/home/me"), home), "~");
        assert_eq!(below_home(Path::new("/home/mexico"), home), "/home/mexico");
        assert_eq!(path(Path::new("a\u{1b}[2Jb\nc")), "a[2Jb c");
    }
}
