//! HTTP as the contract's "Everywhere" has it, once for all resources.
//!
//! A request goes `shell → gate → extractor → handler`, and its answer comes back the same way:
//! - [`shell`] gives it an id, times and logs it, turns errors and panics into problem documents;
//! - [`gate`] authenticates and refuses in the contract's order, from the OpenAPI document;
//! - [`call`] reads query and body into types, all faults at once;
//! - the handler acts and makes an [`answer`].

pub mod accept;
pub mod access_log;
pub mod advice;
pub mod answer;
pub mod body;
pub mod bulk;
pub mod call;
pub mod contract;
pub mod cors;
pub mod csv_body;
pub mod fields;
pub mod formats;
pub mod gate;
pub mod html;
pub mod json;
pub mod labels;
pub mod limits;
pub mod members;
pub mod merge;
pub mod open;
pub mod page;
pub mod page_cache;
pub mod parameters;
pub mod pointer;
pub mod position;
pub mod query;
pub mod readings;
pub mod references;
pub mod refusal;
pub mod request_log;
pub mod shell;
pub mod slices;
pub mod stream;
pub mod table;
pub mod table_schema;
pub mod trace;
pub mod write;
pub mod xlsx;
