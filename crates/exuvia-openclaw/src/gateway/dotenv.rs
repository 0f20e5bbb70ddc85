//! One variable, as OpenClaw would have it.

use exuvia_host::{Host, Links, read_optional};
use secrecy::SecretString;

use crate::Install;

const MAX_BYTES: u64 = 1024 * 1024;

/// A variable of the environment, else of `.env` in the state directory, which OpenClaw loads
/// without overriding what is set (`src/infra/dotenv.ts`). An empty one counts as unset.
pub(super) fn variable(host: &dyn Host, install: &Install, name: &str) -> Option<SecretString> {
    let value = host
        .env(name)
        .and_then(|value| value.into_string().ok())
        .filter(|value| !value.trim().is_empty())
        .or_else(|| from_file(host, install, name))?;
    let trimmed = value.trim();
    (!trimmed.is_empty()).then(|| SecretString::from(trimmed))
}

fn from_file(host: &dyn Host, install: &Install, name: &str) -> Option<String> {
    let path = install.state_dir.join(".env");
    // One that cannot be read is none to OpenClaw too.
    let bytes = read_optional(host, &path, MAX_BYTES, Links::Follow).ok()??;
    let text = String::from_utf8(bytes).ok()?;
    text.lines()
        .filter_map(assignment)
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value)
        .next_back()
}

/// `NAME=value`, `export NAME='value'`, `NAME="value" # comment`.
fn assignment(line: &str) -> Option<(&str, String)> {
    let line = line.trim();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (key, value) = line.split_once('=')?;
    Some((key.trim(), unquote(value.trim())))
}

fn unquote(value: &str) -> String {
    for quote in ['"', '\'', '`'] {
        let inner = value.strip_prefix(quote);
        if let Some((inner, _)) = inner.and_then(|rest| rest.split_once(quote)) {
            return inner.to_owned();
        }
    }
    let bare = value.split_once('#').map_or(value, |(bare, _)| bare);
    bare.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_read_as_dotenv_writes_them() {
        for (line, value) in [
            ("A=1", "1"),
            ("export A = 'x # y'", "x # y"),
            ("A=\"q\" # said", "q"),
            ("A=bare # said", "bare"),
            ("A=", ""),
            ("A='open", "'open"),
        ] {
            assert_eq!(assignment(line), Some(("A", value.to_owned())), "{line}");
        }
        assert_eq!(assignment("# nothing"), None);
    }
}
