//! What agreements, interventions and reports speak of, each a code of a nomenclature.

use super::{Code, Nomenclature};

macro_rules! themes {
    ($($(#[$doc:meta])* $code:ident of $list:ident = $name:literal;)+) => {
        $(
            #[doc = concat!("The nomenclature `", $name, "`.")]
            pub enum $list {}

            impl Nomenclature for $list {
                const NAME: &'static str = $name;
            }

            $(#[$doc])*
            pub type $code = Code<$list>;
        )+
    };
}

// A macro only because a type and its nomenclature's name are all there is to say of each.
themes! {
    /// An axis of work.
    Axis of Axes = "axes";
    /// A type of action.
    ActionType of ActionTypes = "action_types";
    /// A level (class).
    Level of Levels = "levels";
    /// A moment of the pupils' pathway.
    Moment of Moments = "moments";
    /// A national event.
    Event of Events = "events";
    /// What is counted: see the indicators.
    Measure of Measures = "measures";
}
