//! Text from outside inside Markdown.

/// Escapes a line so that it shows as it is: no link, image, heading, emphasis, HTML, table cell or
/// code can begin in it, wherever in a line of Markdown it is put.
///
/// What GitHub and others would make a link of without being asked (`https://…`, `www.…`, `a@b.c`,
/// `@somebody`) stands as code: there is no escape against that, and it stays readable.
pub fn md_line(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + line.len() / 8);
    let mut rest = line;
    while !rest.is_empty() {
        let is_word = rest.starts_with(|c: char| c.is_ascii_graphic());
        let end = rest
            .find(|c: char| c.is_ascii_graphic() != is_word)
            .unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        if is_word && would_link_itself(run) {
            out.push_str(&code(run));
        } else {
            escape_run(&mut out, run);
        }
        rest = after;
    }
    out
}

/// A code span that shows exactly this line, whatever back-ticks are in it.
pub(super) fn code(line: &str) -> String {
    let longest = line
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let pad = if line.starts_with(['`', ' ']) || line.ends_with(['`', ' ']) {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{line}{pad}{fence}")
}

fn would_link_itself(run: &str) -> bool {
    run.contains('@') || run.contains("://") || run.to_ascii_lowercase().contains("www.")
}

fn escape_run(out: &mut String, run: &str) {
    let mut before = None;
    let mut chars = run.chars().peekable();
    let is_count = run
        .trim_end_matches(['.', ')'])
        .bytes()
        .all(|b| b.is_ascii_digit());
    while let Some(c) = chars.next() {
        let starts = before.is_none();
        let special = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' | '$' => true,
            // Between letters it is part of a name, and no Markdown reads more into it.
            '_' => !joins(before, chars.peek().copied()),
            // What begins a list, a rule or an underlined heading.
            '-' | '+' | '=' => starts,
            '.' | ')' => is_count && !starts,
            _ => false,
        };
        if special {
            out.push('\\');
        }
        out.push(c);
        before = Some(c);
    }
}

fn joins(before: Option<char>, after: Option<char>) -> bool {
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    letter(before) && letter(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plain_stays_as_it_is() {
        for plain in [
            "Fix reconnect after a token refresh (2026.9.5 → 2026.9.6)",
            "snake_case, it's 100% fine!",
            "修复令牌刷新后的重连",
            "a - b",
        ] {
            let escaped = md_line(plain).replace("\\-", "-");
            assert_eq!(escaped, plain);
        }
    }

    #[test]
    fn what_markdown_would_read_is_escaped() {
        let cases = [
            ("[x](javascript:a)", r"\[x\](javascript:a)"),
            ("![x](y)", r"!\[x\](y)"),
            ("# title", r"\# title"),
            ("- item", r"\- item"),
            ("1. item", r"1\. item"),
            ("**b** _i_ ~~s~~", r"\*\*b\*\* \_i\_ \~\~s\~\~"),
            ("a|b", r"a\|b"),
            ("<b>&lt;", r"\<b\>\&lt;"),
            ("a`b", r"a\`b"),
            (r"\[x]", r"\\\[x\]"),
            ("see https://e.org/x_y", "see `https://e.org/x_y`"),
            ("WWW.e.org", "`WWW.e.org`"),
            ("me@e.org", "`me@e.org`"),
            ("ping @all", "ping `@all`"),
            ("a`@b``c", "```a`@b``c```"),
            ("`@b`", "`` `@b` ``"),
            ("看https://e.org这里", "看`https://e.org`这里"),
        ];
        for (from, to) in cases {
            assert_eq!(md_line(from), to, "{from}");
        }
    }
}
