//! Gate 1: whether it may be done at all. Changes nothing but a scratch directory.

use std::path::Path;
use std::sync::Arc;

use exuvia_gateway::running::{self, Presence};
use exuvia_gateway::vitals;
use exuvia_host::process::Processes;
use exuvia_model::asset::{LocalChanges, Provenance};
use exuvia_model::upgrade::Kind;
use exuvia_model::vitals::{Part, Vitals};
use exuvia_model::{Asset, Revision};
use exuvia_openclaw::skill::{LockEntry, Published, PublishedFile, Record, lock_entry, record};
use exuvia_sources::Archive;

use super::live::Live;
use super::merge::{Items, merge};
use super::source::{CLIENT_NOTE, Source, items};
use super::stage::Ready;
use super::{SkillWorks, plan};
use crate::tree::TreeId;
use crate::{Generations, Trouble};

/// Room that is wanted besides that of the directory that is staged, in bytes.
const SPARE: u64 = 64 << 20;
/// How many files are named.
const NAMED: usize = 10;

impl SkillWorks {
    pub(super) async fn check(&mut self) -> Result<(), Trouble> {
        self.upgrades.must_allow_plan(&self.plan)?;
        let asset = self.asset().await?;
        self.is_the_one(&asset)?;
        let live = self.read_live(self.plan.live.clone()).await?;
        let slug = match &asset.provenance {
            Provenance::ClawHub { slug, .. } => slug.clone(),
            _ => asset.name.clone(),
        };
        let (host, install) = (self.upgrades.host.as_ref(), &self.upgrades.install);
        // As OpenClaw would come to it; `live` is where that leads.
        let lock = lock_entry(host, install, Path::new(&asset.path), &slug);
        let old_tree = TreeId::of(host, &self.plan.live)?;
        let content = live.content.clone();
        self.learn(|facts| facts.old_tree = old_tree)?;
        self.learn_of_skill(|facts| {
            facts.old_content = Some(content);
            facts.old_lock.clone_from(&lock);
        })?;
        match self.plan.kind {
            Kind::Upgrade | Kind::Rehearsal => self.check_upgrade(&asset, live, lock).await?,
            Kind::Rollback => self.check_generation()?,
        }
        self.check_place()?;
        self.check_gateway().await
    }

    /// The skill as it is now.
    pub(super) async fn asset(&self) -> Result<Asset, Trouble> {
        let (host, install) = (
            Arc::clone(&self.upgrades.host),
            self.upgrades.install.clone(),
        );
        let id = self.plan.asset.clone();
        let found =
            tokio::task::spawn_blocking(move || plan::find(host.as_ref(), &install, &id)).await?;
        found.ok_or_else(|| {
            Trouble::new(format!(
                "{} is not there any more; run `exuvia check` again",
                self.plan.asset
            ))
        })
    }

    pub(super) async fn read_live(&self, root: std::path::PathBuf) -> Result<Live, Trouble> {
        let host = Arc::clone(&self.upgrades.host);
        tokio::task::spawn_blocking(move || Live::read(host.as_ref(), &root)).await?
    }

    /// It is what the report is about, its source is known, and no other skill has its name.
    fn is_the_one(&self, asset: &Asset) -> Result<(), Trouble> {
        let host = self.upgrades.host.as_ref();
        let lies_there = host.canonicalize(Path::new(&asset.path))? == self.plan.live;
        if !lies_there || asset.revision().as_ref() != Some(&self.plan.from) {
            return Err(Trouble::new(format!(
                "{} is no longer the {} {} that this is about; run `exuvia check` again",
                self.plan.live.display(),
                self.skill.name,
                self.plan.from.short()
            )));
        }
        if self.plan.kind == Kind::Rollback {
            return Ok(());
        }
        if let Provenance::Untracked { reason } = &asset.provenance {
            return Err(Trouble::new(format!(
                "where it came from is not known: {reason}; install it anew with `openclaw skills \
                 install`"
            )));
        }
        if let Some(conflict) = asset.conflicts.first() {
            return Err(Trouble::new(format!(
                "{} has the same name ({}), and only one of them is loaded; rename or remove one",
                conflict.other_path, conflict.name
            )));
        }
        self.goes_up()
    }

    fn goes_up(&self) -> Result<(), Trouble> {
        let (from, to) = (&self.plan.from, &self.plan.to);
        match (from.version(), to.version()) {
            (Some(old), Some(new)) if new <= old => Err(Trouble::new(format!(
                "{to} is not newer than {from}; `exuvia rollback` goes back"
            ))),
            _ => Ok(()),
        }
    }

    /// The approved bytes are there, and what the user changed goes together with them.
    async fn check_upgrade(
        &mut self,
        asset: &Asset,
        live: Live,
        lock: Option<LockEntry>,
    ) -> Result<(), Trouble> {
        let host = Arc::clone(&self.upgrades.host);
        let artifact = self.skill.artifact.as_ref();
        let artifact = artifact.ok_or_else(|| Trouble::new("the report names no source"))?;
        let approved = self.plan.digest.as_ref().ok_or_else(|| {
            Trouble::new(
                "the report has no digest for it, so what is installed could not be what was \
                 approved",
            )
        })?;
        let source = Source::of(&host, &self.upgrades.home, artifact)?;
        let owner = match &asset.provenance {
            Provenance::ClawHub { owner, .. } => owner.as_deref(),
            _ => None,
        };
        source.vouches(owner, &self.plan.to, artifact).await?;
        let archive = source.fetch(&self.plan.to, Some(approved)).await?;
        let mut offered = items(&archive);
        if !offered.contains_key("SKILL.md") {
            return Err(Trouble::new(format!(
                "{} has no SKILL.md, so OpenClaw would not load it",
                self.plan.to.short()
            )));
        }
        let note = offered.remove(CLIENT_NOTE).filter(|_| live.has_note());
        let own = live.items(host.as_ref());
        let base = self.base(asset, &source, &own).await?;
        let merged = merge(&base, &own, &offered);
        if !merged.conflicts.is_empty() {
            return Err(conflicting(&merged.conflicts, &self.plan.from));
        }
        let edits = merged.kept.iter().cloned().collect();
        offered.extend(note.map(|note| (CLIENT_NOTE.to_owned(), note)));
        let published = self.published(&archive, &offered)?;
        let record = record(host.as_ref(), &self.plan.live).map_err(Trouble::new)?;
        let record =
            record.ok_or_else(|| Trouble::new("its record of where it came from is gone"))?;
        let record = self.next_record(&record, &published);
        self.learn_of_skill(|facts| {
            facts.edits = edits;
            facts.new_lock = lock.map(|lock| LockEntry {
                entry: published.lock_entry(&lock.entry),
                ..lock
            });
        })?;
        self.ready = Some(Ready {
            merged,
            offered,
            own,
            live,
            record,
        });
        Ok(())
    }

    fn next_record(&self, record: &Record, published: &Published) -> Record {
        match &self.plan.to {
            Revision::Commit(commit) => record.at_commit(commit, published.at),
            _ => record.at_version(published),
        }
    }

    /// The version that the user's edits started from; what is installed itself, where nothing was
    /// edited.
    async fn base(&self, asset: &Asset, source: &Source, own: &Items) -> Result<Items, Trouble> {
        let is_whole_digest = matches!(
            &asset.local_changes,
            LocalChanges::None { basis } if basis.contains("fileTreeSha256")
        );
        if is_whole_digest {
            return Ok(own.clone());
        }
        let fetched = source.fetch(&self.plan.from, None).await;
        let archive = fetched.map_err(|why| {
            Trouble::new(format!(
                "it may have been edited here, and the {} that it started from cannot be had to \
                 tell ({why}); copy it aside, and install it anew",
                self.plan.from.short()
            ))
        })?;
        let mut base = items(&archive);
        base.remove(CLIENT_NOTE);
        Ok(base)
    }

    fn published(&self, archive: &Archive, offered: &Items) -> Result<Published, Trouble> {
        let texts = [".gitignore", ".clawhubignore", ".clawdhubignore"];
        let ignore_files = texts.iter().filter_map(|name| {
            let content = offered.get(*name)?.content.as_deref()?;
            Some(String::from_utf8_lossy(content).into_owned())
        });
        let files = archive
            .files
            .iter()
            .filter(|file| offered.contains_key(&file.path));
        if let Some(large) = files.clone().find(|file| file.content.is_none()) {
            return Err(Trouble::new(format!(
                "{} is too large to be looked at as a whole; upgrade it with its own client: \
                 `openclaw skills update {}`",
                large.path, self.skill.name
            )));
        }
        Ok(Published {
            version: self.plan.to.to_string(),
            at: self.upgrades.host.now(),
            archive_sha256: sha256_of(archive),
            ignore_files: ignore_files.collect(),
            files: files
                .map(|file| PublishedFile {
                    path: file.path.clone(),
                    sha256: file.sha256,
                })
                .collect(),
        })
    }

    fn check_generation(&mut self) -> Result<(), Trouble> {
        let (host, home) = (self.upgrades.host.clone(), &self.upgrades.home);
        let generations = Generations::read(host.as_ref(), home, &self.upgrades.install.id())?;
        let undone = self.plan.undoes.as_ref();
        let generation = undone
            .and_then(|run| generations.of_run(run))
            .ok_or_else(|| Trouble::new("what the rollback leads to is not kept any more"))?
            .clone();
        let other = self.plan.other();
        if TreeId::of(host.as_ref(), &other)? != Some(generation.tree) {
            return Err(Trouble::new(format!(
                "{} {} is no longer at {}",
                self.skill.name,
                generation.version.short(),
                other.display()
            )));
        }
        let content = Live::read(host.as_ref(), &other)?.content;
        let lock = generation.skill.and_then(|skill| skill.lock);
        self.learn(|facts| facts.new_tree = Some(generation.tree))?;
        self.learn_of_skill(|facts| {
            facts.new_content = Some(content);
            facts.new_lock = lock;
        })
    }

    /// There is room, and directories can be exchanged there: tried, not guessed.
    fn check_place(&self) -> Result<(), Trouble> {
        let (host, disk) = (self.upgrades.host.as_ref(), &self.upgrades.disk);
        let dir = self.plan.live.parent().unwrap_or(Path::new("/"));
        if !host.is_writable(dir) {
            return Err(Trouble::new(format!(
                "{} cannot be replaced by this user; run exuvia as the user who owns it",
                self.plan.live.display()
            )));
        }
        let dir = disk.open_dir(dir)?;
        dir.can_exchange()?;
        let size = self.ready.as_ref().map_or(0, Ready::size);
        let (free, wanted) = (dir.free_space()?, size + SPARE);
        if free < wanted {
            return Err(Trouble::new(format!(
                "{} has {} MB free and {} MB may be needed; make room (`exuvia snapshot prune`)",
                dir.path().display(),
                free >> 20,
                wanted >> 20
            )));
        }
        Ok(())
    }

    /// Where a gateway runs it must say which skills it has, or a loss could not be seen. Going back
    /// must be possible with one that is broken.
    async fn check_gateway(&mut self) -> Result<(), Trouble> {
        let seen = self.skills_of_gateway().await?;
        if self.plan.kind == Kind::Upgrade
            && let Some(Part::Unknown(why)) = seen.as_ref().map(|vitals| &vitals.skills)
        {
            return Err(Trouble::new(format!(
                "the gateway that runs does not say which skills it has ({why}), so a loss could \
                 not be seen; `exuvia doctor` says what to do"
            )));
        }
        self.learn(|facts| facts.before = seen)
    }

    /// What the gateway says; nothing where none runs.
    pub(super) async fn skills_of_gateway(&self) -> Result<Option<Vitals>, Trouble> {
        let (host, install) = (&self.upgrades.host, &self.upgrades.install);
        match running::presence(host.as_ref(), install, &Processes::new()) {
            Presence::Runs(_) => Ok(Some(vitals::take(host, install).await)),
            Presence::Unknown { why } if self.plan.kind == Kind::Upgrade => Err(Trouble::new(
                format!("whether OpenClaw runs cannot be told: {why}"),
            )),
            Presence::Nothing | Presence::Unknown { .. } => Ok(None),
        }
    }
}

fn conflicting(conflicts: &[super::merge::Conflict], from: &Revision) -> Trouble {
    let named: Vec<String> = conflicts
        .iter()
        .take(NAMED)
        .map(ToString::to_string)
        .collect();
    let more = match conflicts.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    Trouble::new(format!(
        "what was changed here since {} does not go together with the new version: {}{more}; undo \
         those edits, or copy them aside and upgrade again",
        from.short(),
        named.join("; ")
    ))
}

/// The archive's own digest; zeros for what git packed, whose records have none.
fn sha256_of(archive: &Archive) -> [u8; 32] {
    let mut bytes = [0; 32];
    if let Some(hex) = archive.digest.as_str().strip_prefix("sha256:") {
        for (at, byte) in bytes.iter_mut().enumerate() {
            let pair = hex.get(at * 2..at * 2 + 2).unwrap_or("00");
            *byte = u8::from_str_radix(pair, 16).unwrap_or(0);
        }
    }
    bytes
}
