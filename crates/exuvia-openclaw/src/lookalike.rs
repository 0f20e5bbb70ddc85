//! Names that look like others.

use std::collections::HashMap;

use exuvia_model::{Asset, AssetClass};

/// Tells of every asset whose name can be taken for another's: `dеmo` with a Cyrillic `е`, or
/// `rn` for `m`. The one that is not plain ASCII, or comes later, gets the problem.
pub(crate) fn mark(assets: &mut [Asset]) {
    let mut first: HashMap<(AssetClass, String), String> = HashMap::new();
    let mut order: Vec<usize> = (0..assets.len()).collect();
    order.sort_by_key(|index| {
        assets
            .get(*index)
            .is_some_and(|asset| !asset.name.is_ascii())
    });
    for index in order {
        let Some(asset) = assets.get_mut(index) else {
            continue;
        };
        let key = (asset.class, skeleton(&asset.name));
        let other = first.entry(key).or_insert_with(|| asset.name.clone());
        if *other != asset.name {
            asset.problems.push(format!(
                "its name looks like \"{other}\", which is another {}, but is written differently",
                asset.class.name()
            ));
        }
    }
}

/// What a name looks like: letters that are drawn alike become one.
fn skeleton(name: &str) -> String {
    let drawn: String = name
        .chars()
        .flat_map(char::to_lowercase)
        .map(drawn_as)
        .collect();
    drawn.replace("rn", "m").replace("vv", "w")
}

/// The ASCII letter that a character is drawn like; the common ones of Unicode's confusables.
fn drawn_as(c: char) -> char {
    match c {
        'а' | 'ɑ' | 'α' | 'à' | 'á' | 'ạ' => 'a',
        'ь' | 'Ь' => 'b',
        'с' | 'ϲ' | 'ć' | 'ç' => 'c',
        'ԁ' | 'ɗ' => 'd',
        'е' | 'ҽ' | 'é' | 'è' | 'ẹ' | 'ё' => 'e',
        'ɡ' | 'ց' => 'g',
        'һ' | 'հ' => 'h',
        'і' | 'ı' | 'ι' | 'ӏ' | 'í' | 'ị' | 'l' | '1' | '|' => 'i',
        'ј' | 'ϳ' => 'j',
        'κ' | 'к' => 'k',
        'м' => 'm',
        'ո' | 'ń' | 'п' => 'n',
        'о' | 'ο' | 'օ' | 'ó' | 'ò' | 'ọ' | '0' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' => 'q',
        'г' => 'r',
        'ѕ' | 'ꜱ' | 'ś' => 's',
        'т' | 'τ' => 't',
        'υ' | 'ս' | 'ú' => 'u',
        'ν' | 'ѵ' => 'v',
        'ѡ' | 'ԝ' | 'ω' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'ү' | 'γ' | 'ý' => 'y',
        'ᴢ' | 'ż' => 'z',
        '‐' | '‑' | '–' | '—' | '−' => '-',
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use exuvia_model::AssetKind;
    use exuvia_model::asset::Provenance;

    use super::*;

    fn asset(name: &str) -> Asset {
        Asset::new(AssetKind::SkillLocal, name, "/x", Provenance::Bundled)
    }

    #[test]
    fn the_name_in_foreign_letters_is_the_suspect_one() {
        let mut assets = [asset("dеmo"), asset("demo"), asset("other"), asset("ｄemo")];
        mark(&mut assets);
        let suspects: Vec<bool> = assets.iter().map(|a| !a.problems.is_empty()).collect();
        assert_eq!(suspects, [true, false, false, true]);
    }

    #[test]
    fn one_name_twice_is_no_look_alike() {
        let mut assets = [asset("demo"), asset("demo")];
        mark(&mut assets);
        assert!(assets.iter().all(|asset| asset.problems.is_empty()));
    }
}
