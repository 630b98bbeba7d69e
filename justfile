# The habits of this project; `just` lists them.

default:
    @just --list

# The main job: who you are, your apps, data out of one
quickstart:
    cargo run --example quickstart

# A tenant to develop against, until stopped
sandbox *ARGS:
    cargo run -p qlik-sandbox -- {{ARGS}}

# All tests
test *ARGS:
    cargo test --workspace --features full,parquet,csv,schemars {{ARGS}}

# Fuzzes what comes from outside: frames, deltas and pages
fuzz SECONDS="60":
    bash .ci/fuzz {{SECONDS}}

# Everything that has to hold before a change is sent
ci:
    bash .ci/run

# Formatting
fmt:
    cargo fmt --all

# Lints, on the features that matter
clippy:
    cargo clippy --workspace --all-targets -- -D warnings
    cargo clippy --workspace --all-targets --features full,parquet,csv,schemars -- -D warnings
    cargo clippy -p qlik --no-default-features -- -D warnings

# The documentation as docs.rs shows it
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --features full,parquet,csv,schemars

# That everything described is generated, named and worded
check:
    cargo run -q -p qlik-codegen -- check

# Brings in newer descriptions: files, a folder or an archive
import-rest DATE *INPUTS:
    cargo run -q -p qlik-codegen -- import rest --date {{DATE}} {{INPUTS}}

import-engine FILE:
    cargo run -q -p qlik-codegen -- import engine {{FILE}}

# The generated code of an API, to read
print API:
    cargo run -q -p qlik-codegen -- generate --api {{API}} --out target/generated

# Compile time and memory, against progenitor's builder clients
measure-build RUNS="2":
    benches/measure_build.py {{RUNS}}

# Licences, sources and duplicates of the dependencies
deny:
    cargo deny check licenses bans sources
