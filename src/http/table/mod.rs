//! A table that people fill in with a spreadsheet program and send as it is: a workbook, or CSV in
//! whatever way the program saved it.
//!
//! [`text`] and [`workbook`] find the cells of a file ([`sheet`]), [`layout`] has the columns of a
//! kind of object, [`heads`] finds them in the first rows, [`cells`] says what a cell means in its
//! column ([`meaning`], with [`days`] and [`places`]), [`reading`] puts the rows together, [`object`]
//! reads a row that is an object of its own, which becomes what is [`planned`], [`verdict`] tells what came of them ([`told`]) and [`fix`]
//! what to do. [`taking`] leads from the request to its answer; [`template`] writes the empty table.
//! What a cell can only mean is taken, and counted; what may mean two things is refused with its cell
//! and, where it can be told, the value to put there.

pub mod cells;
pub mod damage;
pub mod days;
pub mod fix;
pub mod heads;
pub mod layout;
pub mod meaning;
pub mod object;
pub mod places;
pub mod planned;
pub mod reading;
pub mod request;
pub mod sheet;
pub mod taking;
pub mod template;
pub mod text;
pub mod told;
pub mod verdict;
pub mod workbook;
