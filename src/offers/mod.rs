//! What partners offer to schools, what schools ask of them, and what a school can ask for.

pub mod counts;
pub mod interventions;
pub mod opportunities;
pub mod solicitations;
