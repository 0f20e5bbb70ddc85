//! What Exuvia does not replace, why, and what a person does instead.

use exuvia_model::Asset;
use exuvia_model::asset::{AssetKind, Provenance};

use crate::render;

/// Why an asset of this kind is not replaced, and what to do; nothing where it is.
pub(super) fn words(asset: &Asset) -> Option<String> {
    let name = render::line(&asset.name);
    let path = render::line(&asset.path);
    let told = match asset.kind {
        AssetKind::CoreNpm
        | AssetKind::ExtensionNpm
        | AssetKind::SkillClawhub
        | AssetKind::SkillGithub => return None,
        AssetKind::ExtensionGithub => format!(
            "{name} is a plugin from a git repository (extension/github): no registry vouches for \
             what its next commit runs inside of the gateway. By hand: read the new commits, then \
             `exuvia snapshot create --name before-{name}`, `openclaw plugins update {name}`, \
             `openclaw plugins doctor`, `exuvia restart`; the snapshot leads back"
        ),
        AssetKind::ExtensionLocal => local_extension(asset, &name, &path),
        AssetKind::SkillLocal => format!(
            "{name} is a skill of your own (skill/local): there is no source to take a newer one \
             from. By hand: `exuvia snapshot create`, then change the files in {path}; OpenClaw takes \
             a changed SKILL.md up on its next turn"
        ),
        AssetKind::BuiltinBundled => format!(
            "{name} came inside of OpenClaw (builtin/bundled) and has no version of its own: it goes \
             with OpenClaw. By hand: nothing; select openclaw in the report of `exuvia check`"
        ),
    };
    Some(told)
}

fn local_extension(asset: &Asset, name: &str, path: &str) -> String {
    let from = match &asset.provenance {
        Provenance::Local {
            source_path: Some(source),
            ..
        } => render::line(source),
        _ => path.to_owned(),
    };
    let is_linked = matches!(asset.provenance, Provenance::Local { linked: true, .. });
    let how = if is_linked {
        format!("it is used where it lies: change {from}")
    } else {
        format!("`openclaw plugins install {from}` with the newer files there")
    };
    format!(
        "{name} is a plugin from your own disk (extension/local): there is no source to take a newer \
         one from, and nothing to compare its bytes with. By hand: `exuvia snapshot create --name \
         before-{name}`, {how}, `openclaw plugins doctor`, `exuvia restart`; the snapshot leads back"
    )
}
