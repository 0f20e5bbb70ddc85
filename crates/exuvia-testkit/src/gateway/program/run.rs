//! `gateway run`.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{sleep, timeout};

use super::home::Home;
use super::lock::Lock;
use super::release;
use crate::gateway::engine::{End, Engine, Script};
use crate::gateway::server::{self, Server};
use crate::mini::Flaw;

/// OpenClaw's code for a configuration that it cannot start with.
const BAD_CONFIG: u8 = 78;
const DEFAULT_PORT: u16 = 18_789;
const TICK: Duration = Duration::from_millis(2);

pub(super) fn run(home: &Home, options: &[&str]) -> ExitCode {
    become_the_gateway();
    let config = match home.config() {
        Ok(config) => config,
        Err(words) => {
            eprintln!("Gateway start blocked: {words}");
            return ExitCode::from(BAD_CONFIG);
        }
    };
    if home
        .mini()
        .is_some_and(|(plan, _)| plan.has(&Flaw::GatewayRunBroken))
    {
        eprintln!(
            "[openclaw] Uncaught exception: Error: Cannot find module './gateway-run-chunk.mjs'"
        );
        return ExitCode::FAILURE;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(live(home, port(options, &config)))
}

/// As the real one shows itself to `ps`.
fn become_the_gateway() {
    // The name in `ps` is a nicety; without it everything works.
    let _ = rustix::thread::set_name(c"openclaw-gatewa");
}

async fn live(home: &Home, port: u16) -> ExitCode {
    let mut dies = Box::pin(die(home));
    // Before the lock is waited for, so that a stop at any moment is a clean one.
    let mut terminate = signal(SignalKind::terminate()).expect("SIGTERM");
    let mut interrupt = signal(SignalKind::interrupt()).expect("SIGINT");
    let mut again = signal(SignalKind::user_defined1()).expect("SIGUSR1");
    let lock = tokio::select! {
        lock = take_lock(home) => lock,
        _ = terminate.recv() => return ExitCode::SUCCESS,
        _ = interrupt.recv() => return ExitCode::SUCCESS,
    };
    let Some(lock) = lock else {
        eprintln!("failed to acquire gateway state ownership");
        return ExitCode::FAILURE;
    };
    if let Err(words) = take_over(home).await {
        eprintln!("Gateway failed to start: {words}");
        return ExitCode::FAILURE;
    }
    let mut engine: Option<Arc<Engine>> = None;
    loop {
        let started = start(home, &lock, port, engine.take());
        let (running, server) = tokio::select! {
            started = started => match started {
                Some(started) => started,
                None => return ExitCode::FAILURE,
            },
            _ = terminate.recv() => return ExitCode::SUCCESS,
            _ = interrupt.recv() => return ExitCode::SUCCESS,
            () = &mut dies => unreachable!("dying does not return"),
        };
        let mut wears_out = Box::pin(wear_out(home));
        let end = loop {
            tokio::select! {
                _ = terminate.recv() => if !home.behaviour().ignores_term {
                    running.end(End::Stop);
                },
                _ = interrupt.recv() => running.end(End::Stop),
                _ = again.recv() => drop(running.restart("SIGUSR1", true)),
                () = sleep(TICK) => {}
                () = &mut dies => unreachable!("dying does not return"),
                () = &mut wears_out => unreachable!("dying does not return"),
            }
            if let Some(end) = running.ending() {
                break end;
            }
        };
        server.drain();
        drop(server);
        sleep(Duration::from_millis(home.behaviour().stop_ms)).await;
        match end {
            End::Restart { reason } if is_supervised() => {
                running.book.leave_handoff(&reason);
                println!("[gateway] restart mode: full process restart (supervisor restart)");
                return ExitCode::SUCCESS;
            }
            // The code that is loaded goes on, whatever lies on disk by now.
            End::Restart { .. } => engine = Some(running),
            End::Stop => return ExitCode::SUCCESS,
        }
    }
}

/// Takes the lock on a thread of its own: waiting for it blocks.
async fn take_lock(home: &Home) -> Option<Lock> {
    let home = home.clone();
    tokio::task::spawn_blocking(move || Lock::take(&home))
        .await
        .ok()?
}

/// Of a miniature: what another release left becomes this one's.
async fn take_over(home: &Home) -> Result<(), String> {
    let home = home.clone();
    let taken = tokio::task::spawn_blocking(move || {
        let Some((plan, _)) = home.mini() else {
            return Ok(());
        };
        if plan.has(&Flaw::NeedsDoctor) && release::is_new(&home, plan) {
            return Err("stop active agents and run openclaw doctor --fix to migrate".to_owned());
        }
        release::take_over(&home, plan)?;
        release::misbehave(&home, plan);
        Ok(())
    });
    taken.await.map_err(|error| error.to_string())?
}

/// Listens, as late as the script says.
async fn start(
    home: &Home,
    lock: &Lock,
    port: u16,
    earlier: Option<Arc<Engine>>,
) -> Option<(Arc<Engine>, Server)> {
    // As the real one: who runs is said before anything listens.
    lock.publish(home, port);
    let mini = home.mini();
    sleep(Duration::from_millis(home.behaviour().listens_after_ms)).await;
    sleep(mini.map_or(Duration::ZERO, |(plan, _)| release::start_time(plan))).await;
    // Before anything listens: whoever can connect finds the start in the book.
    let engine = if let Some(engine) = earlier {
        engine.begin(engine.version());
        engine
    } else {
        let version = mini.map_or_else(|| home.version(), |(plan, _)| release::said_version(plan));
        let engine = Engine::new(Script::File(home.script()), home.book(), port, version);
        Arc::new(match mini {
            Some((plan, content)) => engine
                .with(content.clone(), home.token())
                .with_turns(release::turns(home, plan)),
            None => engine,
        })
    };
    let listener = match listen(port).await {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("Gateway failed to start: port {port}: {error}");
            return None;
        }
    };
    let server = Server::start(listener, engine.clone());
    println!("[gateway] http server listening (0 plugins)");
    println!("[gateway] ready");
    Some((engine, server))
}

/// The port may be that of the one before, which is just going away.
async fn listen(port: u16) -> std::io::Result<std::net::TcpListener> {
    let tried = timeout(Duration::from_secs(2), async {
        loop {
            match server::listen(port) {
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => sleep(TICK).await,
                other => return other,
            }
        }
    });
    tried.await.unwrap_or_else(|_| server::listen(port))
}

/// Dies when the script says, with nothing cleared up; never returns otherwise.
async fn die(home: &Home) {
    let behaviour = home.behaviour();
    match behaviour.dies_after_ms {
        Some(ms) => sleep(Duration::from_millis(ms)).await,
        None => std::future::pending().await,
    }
    // Past every destructor, as a crash is: the lock file stays.
    std::process::exit(behaviour.dies_with);
}

/// Dies when the release says, counted from now; never returns.
async fn wear_out(home: &Home) {
    match home.mini().and_then(|(plan, _)| release::life_time(plan)) {
        Some(time) => sleep(time).await,
        None => std::future::pending().await,
    }
    std::process::exit(1);
}

fn is_supervised() -> bool {
    std::env::var("OPENCLAW_SUPERVISOR_MODE").is_ok_and(|mode| mode == "external")
}

pub(super) fn port(options: &[&str], config: &Value) -> u16 {
    let named = options.windows(2).find(|pair| pair[0] == "--port");
    named
        .and_then(|pair| pair[1].parse().ok())
        .or_else(|| std::env::var("OPENCLAW_GATEWAY_PORT").ok()?.parse().ok())
        .or_else(|| u16::try_from(config["gateway"]["port"].as_u64()?).ok())
        .unwrap_or(DEFAULT_PORT)
}
