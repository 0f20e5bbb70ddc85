//! A gateway's health and life: whether it works, who keeps it alive, and how it is restarted.
#![forbid(unsafe_code)]

pub mod keeper;
pub mod probe;
pub mod restart;
pub mod running;
pub mod supervisor;
pub mod vitals;
