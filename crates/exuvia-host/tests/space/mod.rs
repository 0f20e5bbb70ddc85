//! The tests and the parts that this program plays in them.

mod files;
mod limits;
mod network;
mod parts;
mod processes;
mod refusals;

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use exuvia_host::Command;
use exuvia_host::space::{Bind, Space, SpaceSpec, enter_if_asked};

/// Longer than anything here should take on the slowest machine.
const LONG: Duration = Duration::from_mins(1);

type Test = (&'static str, fn());

macro_rules! tests {
    ($($module:ident::$name:ident),* $(,)?) => {
        const TESTS: &[Test] = &[$((stringify!($name), $module::$name as fn())),*];
    };
}

tests![
    files::a_copy_lies_at_the_real_path_and_the_real_one_stays_as_it_is,
    files::nothing_but_binds_and_fresh_directories_can_be_written,
    files::a_hidden_directory_is_empty_and_a_read_only_bind_is_read_only,
    files::a_target_that_is_not_there_is_refused_and_not_made,
    files::below_a_fresh_directory_a_target_is_made_inside_only,
    files::a_link_is_refused_wherever_it_lies_in_a_path,
    files::root_inside_can_neither_mount_nor_make_devices_nor_order_the_kernel_about,
    network::the_loopback_of_the_machine_and_names_cannot_be_reached,
    network::two_spaces_use_the_same_port_at_once,
    processes::outputs_and_codes_come_back,
    processes::a_program_is_seen_from_outside_and_can_be_signalled,
    processes::daemons_and_those_who_ignore_signals_die_at_close,
    processes::nothing_is_left_when_the_opener_is_killed,
    processes::a_space_outlives_the_thread_that_opened_it,
    limits::a_fork_bomb_ends_the_space_and_nothing_else,
    limits::a_fork_bomb_without_namespaces_ends_the_space_and_nothing_else,
    limits::memory_files_and_time_are_bounded,
    limits::the_deadline_ends_everything,
    refusals::without_namespaces_it_is_partial_and_still_ends_everything,
    refusals::a_fence_lets_nothing_be_written_or_reached_but_what_it_names,
    refusals::every_effect_passes_its_point,
];

/// What must hold where the kernel allows no namespaces, too.
const ANYWHERE: &[&str] = &[
    "a_link_is_refused_wherever_it_lies_in_a_path",
    "a_fork_bomb_without_namespaces_ends_the_space_and_nothing_else",
    "without_namespaces_it_is_partial_and_still_ends_everything",
    "a_fence_lets_nothing_be_written_or_reached_but_what_it_names",
    "every_effect_passes_its_point",
];

pub(crate) fn main() {
    enter_if_asked();
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Some(part) = args.first().and_then(|arg| arg.strip_prefix("part:")) {
        parts::play(part, &args[1..]);
        return;
    }
    let wanted = args.iter().find(|arg| !arg.starts_with('-'));
    let mut failed = 0;
    let isolation = Space::open(&SpaceSpec::default())
        .unwrap()
        .isolation()
        .clone();
    println!("isolation: {isolation}");
    for (name, test) in TESTS {
        if wanted.is_some_and(|wanted| !name.contains(wanted.as_str())) {
            continue;
        }
        if !isolation.is_full() && !ANYWHERE.contains(name) {
            println!("test {name} ... ignored: this machine allows no namespaces");
            continue;
        }
        let result = std::panic::catch_unwind(test);
        failed += usize::from(result.is_err());
        println!(
            "test {name} ... {}",
            if result.is_ok() { "ok" } else { "FAILED" }
        );
    }
    // All of it once more as nobody in particular.
    if wanted.is_none() && is_root() {
        failed += usize::from(!as_an_ordinary_user());
    }
    std::process::exit(i32::from(failed > 0));
}

pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

fn as_an_ordinary_user() -> bool {
    let directory = scratch();
    let program = directory.path().join("tests");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    println!("as user 65534:");
    let status = std::process::Command::new("setpriv")
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
        .arg(&program)
        // A filter that every name passes.
        .arg("_")
        .current_dir("/")
        .status();
    status.is_ok_and(|status| status.success())
}

/// A directory that any user may enter.
pub(crate) fn scratch() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    open_up(directory.path());
    directory
}

fn open_up(path: &Path) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

pub(crate) fn sh(script: &str) -> Command {
    Command::new("/bin/sh").arg("-c").arg(script).timeout(LONG)
}

/// This program in another part.
pub(crate) fn part(name: &str, args: &[&OsStr]) -> Command {
    Command::new("/proc/self/exe")
        .arg(format!("part:{name}"))
        .args(args)
        .timeout(LONG)
}

/// What a script prints in a space, which must be a full one; it must end well.
pub(crate) fn says(space: &Space, script: &str) -> String {
    assert!(space.isolation().is_full(), "{}", space.isolation());
    let output = space.run(&sh(script)).unwrap();
    assert!(output.status.success(), "{script}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub(crate) fn bind(source: impl Into<PathBuf>, target: impl Into<PathBuf>) -> Bind {
    Bind {
        source: source.into(),
        target: target.into(),
        read_only: false,
    }
}

/// A space in which this directory can be written.
pub(crate) fn with(directory: &Path) -> SpaceSpec {
    SpaceSpec {
        binds: vec![bind(directory, directory)],
        ..SpaceSpec::default()
    }
}

pub(crate) fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let end = std::time::Instant::now() + LONG;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(std::time::Instant::now() < end, "it did not happen");
        std::thread::yield_now();
    }
}
