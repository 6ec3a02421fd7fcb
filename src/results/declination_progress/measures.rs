//! What is counted of what was done, under a declination and under a convention.

use crate::results::indicators::model::Indicator;

/// What a declination's progress and a convention's summary count, in the order it is shown.
pub const MEASURES: [Indicator; 17] = [
    Indicator::Actions,
    Indicator::Pupils,
    Indicator::Girls,
    Indicator::PriorityEducationPupils,
    Indicator::Teachers,
    Indicator::Professionals,
    Indicator::Companies,
    Indicator::Hours,
    Indicator::InternshipsOffered,
    Indicator::InternshipsFilled,
    Indicator::PupilsGirlsKnown,
    Indicator::GirlsShare,
    Indicator::PupilsPriorityKnown,
    Indicator::PriorityEducationShare,
    Indicator::InternshipFillRate,
    Indicator::Establishments,
    Indicator::ReportsValidated,
];
