//! The register of reference objects: partners and their representatives, contacts of the education
//! side, schools, territories, nomenclatures, and the machine clients that call.

pub mod clients;
pub mod contacts;
pub mod establishments;
pub mod nomenclatures;
pub mod partners;
pub mod territories;
