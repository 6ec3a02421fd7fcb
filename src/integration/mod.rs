//! How other systems meet the register: the change feed, webhooks, tokens for programs, files of partners,
//! conventions and schools, the operation of the service, and the example data; and what awaits a caller in
//! all of it.

pub mod calendars;
pub mod changes;
pub mod demo;
pub mod imports;
pub mod me;
pub mod oauth;
pub mod operation;
pub mod requests;
pub mod todo;
pub mod webhooks;
