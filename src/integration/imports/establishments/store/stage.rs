//! From the file to the temporary table `import_lines`, by COPY: memory does not grow with the file.

use std::collections::BTreeMap;
use std::pin::{Pin, pin};

use chrono::NaiveDate;
use tokio_postgres::Transaction;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use crate::integration::imports::cells::{self, Cell};
use crate::integration::imports::establishments::columns::{Column, Layout};
use crate::integration::imports::establishments::record::Line;
use crate::integration::imports::source::Table;
use crate::integration::imports::{ImportContext, ImportError, Refusal};

/// What reading the file gave.
pub struct Staged {
    pub read: u64,
    pub refused: Vec<Refusal>,
    /// The establishments of refused lines, where the line still tells: they are in the file, so
    /// they are not missing from it.
    pub refused_uais: Vec<String>,
    /// For each stored column, how many cells were repaired.
    pub repaired: BTreeMap<&'static str, u64>,
    /// The first and the last day that lines are of.
    pub dated: Option<(NaiveDate, NaiveDate)>,
}

/// How often progress is reported, in lines.
const STEP: u64 = 500;

/// `row_id` is the id of the establishment if the line makes one, `audit_id` that of its audit row.
const TABLE: &str = "
    CREATE TEMP TABLE import_lines (
        line bigint, row_id uuid, audit_id uuid, uai text, name text, type text, sector text,
        contract text, nature_code text, address text, postal_code text, city text, city_code text,
        department_code text, academy_code text, latitude double precision,
        longitude double precision, phone text, email text, website text, siret text,
        general boolean, technological boolean, vocational boolean, segpa boolean, ulis boolean,
        post_bac boolean, priority_education text, state text, parent_uai text,
        source_updated_on date, unread text[], sites jsonb NOT NULL DEFAULT '[]'
    ) ON COMMIT DROP";

const COPY: &str = "
    COPY import_lines (
        line, row_id, audit_id, uai, name, type, sector, contract, nature_code, address,
        postal_code, city, city_code, department_code, academy_code, latitude, longitude, phone,
        email, website, siret, general, technological, vocational, segpa, ulis, post_bac,
        priority_education, state, parent_uai, source_updated_on, unread
    ) FROM STDIN BINARY";

/// The types of the copied columns, in the order of `COPY`.
const TYPES: [Type; 32] = [
    Type::INT8,
    Type::UUID,
    Type::UUID,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::FLOAT8,
    Type::FLOAT8,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::BOOL,
    Type::BOOL,
    Type::BOOL,
    Type::BOOL,
    Type::BOOL,
    Type::BOOL,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::DATE,
    Type::TEXT_ARRAY,
];

/// Copies the lines that can be taken, and lists the others.
pub async fn stage(
    transaction: &Transaction<'_>,
    table: &mut Table<'_>,
    layout: &Layout,
    (context, edition): (&ImportContext<'_>, Option<NaiveDate>),
    progress: &(impl Fn(u64) + Sync),
) -> Result<Staged, ImportError> {
    transaction.batch_execute(TABLE).await?;
    let sink = transaction.copy_in(COPY).await?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &TYPES));
    let mut staged = Staged {
        read: 0,
        refused: Vec::new(),
        refused_uais: Vec::new(),
        repaired: BTreeMap::new(),
        dated: None,
    };
    while let Some(line) = table.advance()? {
        staged.read += 1;
        let read = table
            .cells()
            .and_then(|cells| Line::read(&cells, layout, edition));
        match read {
            Ok(read) => {
                copy(writer.as_mut(), line, context, &read).await?;
                if let Some(day) = read.source_updated_on {
                    let (first, last) = staged.dated.unwrap_or((day, day));
                    staged.dated = Some((first.min(day), last.max(day)));
                }
                for name in read.repaired {
                    *staged.repaired.entry(name).or_default() += 1;
                }
            }
            Err(rejection) => {
                staged.refused.push(rejection.at(line));
                staged.refused_uais.extend(uai_of(table, layout));
            }
        }
        if staged.read.is_multiple_of(STEP) {
            progress(table.bytes_taken());
        }
    }
    writer.finish().await?;
    progress(table.bytes_taken());
    // A temporary table has no statistics until it is analysed, and only the key is joined on.
    transaction
        .batch_execute("ANALYZE import_lines (uai)")
        .await?;
    Ok(staged)
}

fn uai_of(table: &Table<'_>, layout: &Layout) -> Option<String> {
    match cells::uai(table.raw(layout.place(Column::Uai)?)?.trim()) {
        Cell::Read(uai) | Cell::Repaired(uai) => Some(uai),
        Cell::Empty | Cell::Unreadable => None,
    }
}

async fn copy(
    writer: Pin<&mut BinaryCopyInWriter>,
    place: u64,
    context: &ImportContext<'_>,
    line: &Line,
) -> Result<(), ImportError> {
    let place = i64::try_from(place).unwrap_or(i64::MAX);
    let ids = [(context.new_id)(), (context.new_id)()];
    writer.write(&values(&place, &ids, line)).await?;
    Ok(())
}

/// The values of the copied columns, in the order of `COPY`.
fn values<'l>(
    place: &'l i64,
    [row_id, audit_id]: &'l [Uuid; 2],
    line: &'l Line,
) -> [&'l (dyn ToSql + Sync); 32] {
    [
        place,
        row_id,
        audit_id,
        &line.uai,
        &line.name,
        &line.kind,
        &line.sector,
        &line.contract,
        &line.nature_code,
        &line.address,
        &line.postal_code,
        &line.city,
        &line.city_code,
        &line.department_code,
        &line.academy_code,
        &line.latitude,
        &line.longitude,
        &line.phone,
        &line.email,
        &line.website,
        &line.siret,
        &line.tracks.general,
        &line.tracks.technological,
        &line.tracks.vocational,
        &line.tracks.segpa,
        &line.tracks.ulis,
        &line.tracks.post_bac,
        &line.priority_education,
        &line.state,
        &line.parent_uai,
        &line.source_updated_on,
        &line.unread,
    ]
}
