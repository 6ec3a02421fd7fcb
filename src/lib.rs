//! `ree`: the national register of school–business partnerships, as a JSON REST API.
//!
//! A request goes through [`http`] (the shell and the gate), where [`auth`] tells who asks, to a
//! resource: its `routes` call its `model` and `workflow`, which call its `store`. Never upward.

pub mod app;
pub mod auth;
pub mod campaigns;
pub mod changes;
pub mod cli;
pub mod clients;
pub mod clock;
pub mod config;
pub mod contacts;
pub mod conventions;
pub mod db;
pub mod deadlines;
pub mod declinations;
pub mod demo;
pub mod error;
pub mod establishments;
pub mod history;
pub mod http;
pub mod imports;
pub mod indicators;
pub mod interventions;
pub mod logging;
pub mod metrics;
pub mod nomenclatures;
pub mod oauth;
pub mod openapi;
pub mod operation;
pub mod opportunities;
pub mod partners;
pub mod publications;
pub mod reference;
pub mod reports;
pub mod routes;
pub mod solicitations;
pub mod steps;
pub mod territories;
pub mod values;
