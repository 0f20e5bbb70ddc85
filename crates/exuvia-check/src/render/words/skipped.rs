//! Words for why an asset was not asked about.

use exuvia_model::report::Shadowed;
use exuvia_model::scan::SkipReason;

use super::{Lang, both, datum_of, with_datum};

/// Why there is nothing to look for.
pub fn skipped(why: &SkipReason, lang: Lang) -> String {
    let phrase = match why {
        SkipReason::Local => both(
            "yours: there is no source to ask",
            "本地内容，没有可查询的来源",
        ),
        SkipReason::Bundled => both("goes with OpenClaw itself", "随 OpenClaw 一同更新"),
        SkipReason::AheadOfRemote => {
            both("has commits that its remote has not", "含有远端没有的提交")
        }
        SkipReason::Untracked { detail } => {
            let phrase = both(
                "nothing trustworthy says where it came from",
                "没有可信的来源记录",
            );
            return with_datum(phrase.say(lang), detail, lang);
        }
        SkipReason::OfferedIsOlder { installed, offered } => {
            let (installed, offered) = (datum_of(installed), datum_of(offered));
            return match lang {
                Lang::En => {
                    format!("the source offers {offered}, older than the installed {installed}")
                }
                Lang::ZhCn => format!("来源提供的 {offered} 早于已安装的 {installed}"),
            };
        }
        SkipReason::NotOnChannel { channel } => {
            let phrase = both("no release on this channel", "此渠道没有发布");
            return with_datum(phrase.say(lang), channel.name(), lang);
        }
        SkipReason::Pinned { version, because } => {
            let version = version.as_deref().map(datum_of).unwrap_or_default();
            let phrase = match lang {
                Lang::En if version.is_empty() => "pinned by you".to_owned(),
                Lang::En => format!("pinned by you at {version}"),
                Lang::ZhCn if version.is_empty() => "已由你固定".to_owned(),
                Lang::ZhCn => format!("已由你固定在 {version}"),
            };
            return match because {
                Some(because) => with_datum(&phrase, because, lang),
                None => phrase,
            };
        }
    };
    phrase.say(lang).to_owned()
}

/// That OpenClaw does not load an asset because another has its name.
pub fn shadowed(asset: &Shadowed, lang: Lang) -> String {
    let name = datum_of(&asset.name);
    let (loaded, ignored) = (datum_of(&asset.loaded), datum_of(&asset.ignored));
    match lang {
        Lang::En => format!("two answer to the name {name}: {loaded} is loaded, {ignored} is not"),
        Lang::ZhCn => format!("{name} 有重名：加载的是 {loaded}，{ignored} 未被加载"),
    }
}
