//! `exuvia installs`: the OpenClaw installs of this machine.

use std::process::ExitCode;

use exuvia_host::Host;
use exuvia_openclaw::locate_all;

use crate::output::Output;

pub(crate) fn run(host: &dyn Host, output: &Output) -> ExitCode {
    let installs = locate_all(host);
    if output.json() {
        let list: Vec<_> = installs
            .iter()
            .map(|install| {
                serde_json::json!({
                    "id": install.id(),
                    "stateDir": install.state_dir.to_string_lossy(),
                    "configPath": install.config_path.to_string_lossy(),
                    "packageRoot": install.package_root.as_ref().map(|p| p.to_string_lossy()),
                    "profile": install.profile,
                })
            })
            .collect();
        output.document(&list);
        return ExitCode::SUCCESS;
    }
    if installs.is_empty() {
        output.note("no OpenClaw install was found; name one with --install PATH");
    }
    for install in &installs {
        let package = install.package_root.as_ref();
        let package =
            package.map_or_else(|| "no package found".into(), |p| p.display().to_string());
        output.text(&format!("{}\n    {package}", install.state_dir.display()));
    }
    ExitCode::SUCCESS
}
