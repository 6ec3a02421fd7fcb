//! The reference of a convention: `CN-2025-0014`, `CL-A09-2016-0001`, `CL-R11-…`, `CL-<UAI>-…`.

use super::content::Content;
use super::store::writes;
use crate::db::tx::Tx;
use crate::error::Result;
use crate::values::{Territory, TerritoryCode};

/// The next reference of a year; its number is the transaction's own until it ends.
pub async fn next(tx: &mut Tx<'_>, content: &Content, year: i32) -> Result<String> {
    let prefix = prefix(content.territory.as_ref(), year);
    let number = writes::next_number(tx.connection(), &prefix).await?;
    Ok(format!("{prefix}-{number:04}"))
}

/// What the numbers of a territory and a year are counted under; the country's without one.
pub fn prefix(territory: Option<&TerritoryCode>, year: i32) -> String {
    let Some(territory) = territory else {
        return format!("CN-{year:04}");
    };
    let place = match territory.territory() {
        Some(Territory::Region(number)) => format!("R{number}"),
        Some(Territory::Academy(number)) => format!("A{number}"),
        Some(Territory::Department(number)) => format!("D{number}"),
        Some(Territory::School(uai)) => uai.to_string(),
        Some(Territory::Country) | None => territory.to_string(),
    };
    format!("CL-{place}-{year:04}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::TextValue;

    #[test]
    fn a_reference_tells_the_territory_and_the_year() {
        let of = |code: &str| prefix(Some(&TerritoryCode::stored(code.to_owned())), 2016);
        assert_eq!(prefix(None, 2025), "CN-2025");
        assert_eq!(of("academy:09"), "CL-A09-2016");
        assert_eq!(of("region:11"), "CL-R11-2016");
        assert_eq!(of("department:069"), "CL-D069-2016");
        assert_eq!(of("uai:0690001B"), "CL-0690001B-2016");
    }
}
