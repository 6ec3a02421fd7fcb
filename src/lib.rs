//! `ree`: the national register of school–business partnerships, as a JSON REST API.
//!
//! A request goes through [`http`] (the shell and the gate), where [`auth`] identifies the caller, to
//! a resource: its `routes` call its `model` and `workflow`, which call its `store`. Never upward.

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
pub mod logging;
pub mod metrics;
pub mod offers;
pub mod openapi;
pub mod reference;
pub mod register;
pub mod results;
pub mod routes;
pub mod server;
pub mod steps;
pub mod values;
