//! `hello-ok`, the answer to `connect`.

use super::answer;

answer! {
    /// What a gateway says of itself when it lets us in.
    pub struct Hello {
        /// The protocol version in force.
        protocol: u64,
        /// The running process.
        server: Server,
        /// What can be asked of it. Not complete: `chat.inject` is there and not listed.
        features: Features,
        /// The limits in force.
        policy: Policy,
    }
}

answer! {
    /// The running gateway.
    pub struct Server {
        /// The version that runs, which need not be the one on disk.
        version: String,
        /// Which build of it.
        build_id: String,
        /// Changes with every start, also when the process restarts within itself and keeps its
        /// pid.
        boot_id: String,
    }
}

answer! {
    /// What can be asked.
    pub struct Features {
        /// Methods that are announced.
        methods: Vec<String>,
        /// Events that may come.
        events: Vec<String>,
        /// What else it can do.
        capabilities: Vec<String>,
    }
}

answer! {
    /// Limits.
    pub struct Policy {
        /// The largest message that it takes, in bytes.
        max_payload: u64,
        /// How often it sends `tick`, in milliseconds.
        tick_interval_ms: u64,
    }
}

impl Hello {
    /// The version of the running process.
    pub fn version(&self) -> Option<&str> {
        self.server.as_ref()?.version.as_deref()
    }

    /// What names this start of the gateway.
    pub fn boot_id(&self) -> Option<&str> {
        self.server.as_ref()?.boot_id.as_deref()
    }

    /// The largest message that it takes, in bytes.
    pub(in crate::gateway) fn max_payload(&self) -> Option<usize> {
        usize::try_from(self.policy.as_ref()?.max_payload?).ok()
    }
}
