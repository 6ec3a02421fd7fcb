//! `ree`: the national register of school–business partnerships, as a JSON REST API.
//!
//! A request goes through [`http`] (the shell and the gate), where [`auth`] identifies the caller, to
//! a resource: its `routes` call its `workflow`, which calls its `store`. Imports run one way, from the
//! end of this list to its beginning:
//!
//! - [`language`]: French and English, and which one a request prefers.
//! - [`layout`]: what every page for people has around it.
//! - [`clock`]: time and ids.
//! - [`logging`]: the log, as JSON lines.
//! - [`metrics`]: what is measured.
//! - [`error`]: the code table, problem documents, the rules a value can break, warnings.
//! - [`mod@reference`]: territories and nomenclatures, as the program carries them.
//! - [`values`]: field types: a value that exists is valid.
//! - [`db`]: PostgreSQL: connections, migrations, transactions and their journal.
//! - [`config`]: every setting, and where its value came from.
//! - [`auth`]: who calls, and what they may.
//! - [`steps`]: how a transition table is read.
//! - [`feed`]: how the change feed reads an object.
//! - [`app`]: what handlers work with.
//! - [`http`]: HTTP, once for all resources.
//! - [`register`]: who and where.
//! - [`agreements`]: what is agreed.
//! - [`offers`]: what is offered and asked for.
//! - [`results`]: what came of it.
//! - [`integration`]: how other systems meet the register.
//! - [`pages`]: the same, for people in a browser.
//! - [`routes`]: the table of contents of the API.
//! - [`openapi`]: the document made of it.
//! - [`server`]: how the application is mounted.
//! - [`jobs`]: what is done now and then.
//! - [`cli`]: the commands.

pub mod agreements;
pub mod app;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod error;
pub mod feed;
pub mod http;
pub mod integration;
pub mod jobs;
pub mod language;
pub mod layout;
pub mod logging;
pub mod metrics;
pub mod offers;
pub mod openapi;
pub mod pages;
pub mod reference;
pub mod register;
pub mod results;
pub mod routes;
pub mod server;
pub mod steps;
pub mod values;
