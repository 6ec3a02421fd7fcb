//! Who and where: partners and their representatives, contacts of the education side, schools,
//! territories, nomenclatures, and the programs that call.

pub mod clients;
pub mod contacts;
pub mod establishments;
pub mod nomenclatures;
pub mod partners;
pub mod territories;
