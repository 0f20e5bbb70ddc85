# Every recurring command. `just` lists them.

default:
    @just --list

# Formatting, clippy, documentation
check:
    cargo xtask check

# Licences and sources of the dependencies
deny:
    cargo xtask deny

# Everything but the end-to-end tests, under three minutes
fast:
    cargo xtask test --fast

# Every test, on real OpenClaw
test:
    cargo xtask test

# A sandbox with a real OpenClaw, checked
demo:
    cargo xtask demo

# Benchmarks of the parts
bench:
    cargo bench --workspace

# The whole check against a slow local registry, beside a sequential one
bench-check:
    cargo run --release --package exuvia --features bench -- bench check

# The snapshot store beside restic, tar, cp and OpenClaw's own backups; as root on a loop device
bench-store *args:
    cargo run --release --package exuvia --features bench -- bench store {{args}}
