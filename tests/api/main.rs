//! What a user of the API may rely on, told over HTTP against a real PostgreSQL.
//!
//! Each test has a database of its own, cloned from a template; none waits for another.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test stops at the first surprise, and has no clock to ask"
)]

mod access;
mod agreements_at_size;
mod agreements_laws;
mod agreements_races;
mod agreements_stories;
mod amendments;
mod another_day;
mod batch;
mod by_file_laws;
mod calendars;
mod campaigns;
mod codes;
mod comparison;
mod completeness;
mod contacts;
mod contacts_by_file;
mod contract;
mod conventions;
mod conventions_laws;
mod coverage;
mod coverage_of_many;
mod dcat;
mod deadlines;
mod declinations;
mod declinations_by_file;
mod denominators;
mod directory;
mod documentation;
mod edges;
mod edges_of_days;
mod ending;
mod examples;
mod fairness;
mod faults;
mod faulty_conventions;
mod figures_kept;
mod figures_recomputed;
mod forms;
mod functions;
mod history;
mod idempotency;
mod indicators;
mod interventions;
mod jobs;
mod journal;
mod keys;
mod labels;
mod limits;
mod lists_and_people;
mod local_partners;
mod long_values;
mod me;
mod metrics;
mod mistakes;
mod mistakes_everywhere;
mod offered_here;
mod open_data;
mod openapi;
mod opportunities;
mod page_cache;
mod pages;
mod partners;
mod portal;
mod positions;
mod prefill;
mod public_conventions;
mod public_pages;
mod publications;
mod publications_twice;
mod references;
mod reports;
mod reports_by_file;
mod reports_read;
mod representatives;
mod requests;
mod schema;
mod search;
mod solicitations;
mod solicitations_races;
mod step;
mod steps;
mod stories;
mod summary;
mod support;
mod syncs;
mod targets;
mod todo;
mod tokens;
mod trouble;
mod visibility;
mod waiting;
mod webhooks;
mod webhooks_sending;
mod wire;
