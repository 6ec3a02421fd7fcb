//! `ree`: the national register of school–business partnerships, as a JSON REST API.
//!
//! A request goes through [`http`] (the shell and the gate), where [`auth`] identifies the caller, to
//! a resource: its `routes` call its `workflow`, which calls its `store`. Imports run one way: README's
//! map has the floors, from the ground up.

/// What is agreed.
pub mod agreements;
/// What handlers work with.
pub mod app;
/// Who calls, and what they may.
pub mod auth;
/// The commands.
pub mod cli;
/// Time and ids.
pub mod clock;
/// Every setting, and where its value came from.
pub mod config;
/// PostgreSQL: connections, migrations, transactions and their journal.
pub mod db;
/// The code table, problem documents, the rules a value can break, warnings.
pub mod error;
/// How the change feed reads an object.
pub mod feed;
/// HTTP, once for all resources.
pub mod http;
/// How other systems meet the register.
pub mod integration;
/// What is done now and then.
pub mod jobs;
/// French and English, and which one a request prefers.
pub mod language;
/// The log, as JSON lines.
pub mod logging;
/// What is measured.
pub mod metrics;
/// What is offered and asked for.
pub mod offers;
/// The document made of it.
pub mod openapi;
/// Territories and nomenclatures, as the program carries them.
pub mod reference;
/// Who and where.
pub mod register;
/// What came of it.
pub mod results;
/// The table of contents of the API.
pub mod routes;
/// How the application is mounted.
pub mod server;
/// How a transition table is read.
pub mod steps;
/// Field types: a value that exists is valid.
pub mod values;
