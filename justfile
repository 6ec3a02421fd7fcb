# Short names for the project's commands. Each recipe is one command that CONTRIBUTING.md
# or a page of docs/ also gives in full: `just` is a convenience, never needed.

# List the recipes
default:
    @just --list

# Start everything with example data
demo:
    cargo run --release -- serve --demo

# What continuous integration runs
check:
    bash .ci/run

# What runs once a night: long races, and the checks of dependencies
nightly:
    bash .ci/nightly

# All tests
test *arguments:
    cargo test {{arguments}}

# Clippy, warnings refused
lint:
    cargo clippy --all-targets -- -D warnings

# The documentation of the code, broken links refused
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items

# Format the code
fmt:
    cargo fmt

# Write src/db/schema.rs from the migrations
schema:
    cargo build
    scripts/schema --write

# Write openapi/openapi.json from the code
openapi:
    mkdir -p openapi
    cargo run -- openapi > openapi/openapi.json.new
    mv openapi/openapi.json.new openapi/openapi.json

# Lint openapi/openapi.json and compare it with the one that was released
contract:
    scripts/contract

# Receive webhooks and verify them with the libraries of Standard Webhooks
webhooks:
    scripts/webhooks

# Generate clients from openapi/openapi.json, check them and run them against the example data
clients:
    scripts/clients

# Read every list from its address, as pandas, DuckDB and openpyxl do
readers:
    scripts/readers

# Run what the guides of docs/fr show
guides *arguments:
    scripts/guides {{arguments}}

# Check the proxies, the alerts and the unit of packaging/
packaging:
    scripts/packaging

# Ask the service what the document lets ask, and what it does not
fuzz *arguments:
    scripts/fuzz {{arguments}}

# Write docs/LIFECYCLES.md from the transition tables
lifecycles:
    REE_WRITE_LIFECYCLES=1 cargo test --lib lifecycles

# Regenerate everything that is generated
generate: schema openapi lifecycles

# The benchmarks
bench *arguments:
    bench/run {{arguments}}

# Run the commands of README.md and of the tour
tour:
    .ci/readme
