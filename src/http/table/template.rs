//! The empty table of a kind of object, to be filled in with a spreadsheet program: its heads, the rows
//! that are known already, and beside them the codes that its columns take.

use actix_web::{HttpResponse, web};
use rust_xlsxwriter::{
    DataValidation, DataValidationErrorStyle, Format, Formula, Workbook, Worksheet, XlsxError,
};

use super::layout::{Column, Kind, Layout};
use super::sheet::letters;
use crate::error::{Error, Result};
use crate::http::call::Call;
use crate::http::formats::{Form, is_formula, saved_as};
use crate::http::query::{Parameter, Query, Reader, parameter};
use crate::reference::Reference;

/// The forms that a template is answered in.
pub const FORMS: &str = "xlsx, csv";

/// The form of a template.
pub const FORM: Parameter = parameter(
    "format",
    "La forme du modèle : un classeur, ou un CSV pour tableur",
    "xlsx",
);

/// What is asked of a template that has nothing filled in: its form.
#[derive(Debug, Clone, Copy)]
pub struct TemplateForm;

impl Query for TemplateForm {
    const PARAMETERS: &'static [Parameter] = &[FORM];

    fn read(reader: &mut Reader<'_>) -> Self {
        reader.form(FORMS);
        Self
    }
}

/// The rows that are prepared for whoever fills in a workbook.
const PREPARED: u32 = 5_000;

/// The sheet that has the codes.
pub const CODES: &str = "Codes";

/// An empty table.
#[derive(Debug)]
pub struct Template {
    /// What the sheet is called.
    pub title: &'static str,
    /// Its columns.
    pub layout: &'static Layout,
    /// Columns beside them that only help people, with their labels: they are passed over when the table
    /// is sent.
    pub helps: &'static [(&'static str, &'static str)],
    /// What is filled in already, by the names of columns and helps.
    pub rows: Vec<Vec<(&'static str, String)>>,
}

impl Template {
    /// One with nothing filled in.
    pub const fn empty(title: &'static str, layout: &'static Layout) -> Self {
        Self {
            title,
            layout,
            helps: &[],
            rows: Vec::new(),
        }
    }

    /// Answers it as a file, in the form that was asked for.
    ///
    /// # Errors
    /// `internal_error` when it cannot be written.
    pub async fn answer<Q, B>(self, call: &Call<Q, B>) -> Result<HttpResponse> {
        let form = call.admitted.form;
        let mut response = if form == Form::Csv {
            let text = self.csv().map_err(Error::internal)?;
            HttpResponse::Ok()
                .content_type("text/csv; charset=utf-8; header=present")
                .body(text)
        } else {
            let bytes = web::block(move || self.workbook())
                .await
                .map_err(Error::internal)?;
            let bytes = bytes.map_err(Error::internal)?;
            HttpResponse::Ok()
                .content_type(Form::Xlsx.media_type())
                .body(bytes)
        };
        saved_as(&mut response, &call.file_name());
        Ok(response)
    }

    fn heads(&self) -> Vec<String> {
        let columns = self.layout.of_template().map(Column::head);
        let helps = self
            .helps
            .iter()
            .map(|(name, label)| format!("{label} [{name}]"));
        columns.chain(helps).collect()
    }

    fn cells(&self, row: &[(&'static str, String)]) -> Vec<String> {
        let columns = self.layout.of_template().map(|column| column.name);
        let names = columns.chain(self.helps.iter().map(|(name, _)| *name));
        let value = |name: &str| row.iter().find(|(known, _)| *known == name);
        names
            .map(|name| {
                value(name)
                    .map(|(_, value)| value.clone())
                    .unwrap_or_default()
            })
            .collect()
    }

    /// As a French spreadsheet opens it by double click.
    fn csv(&self) -> std::result::Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(b';')
            .terminator(csv::Terminator::CRLF)
            .from_writer("\u{feff}".as_bytes().to_vec());
        writer.write_record(self.heads())?;
        for row in &self.rows {
            let cells = self.cells(row).into_iter();
            let neutral = |cell: String| {
                if is_formula(&cell) {
                    format!("'{cell}")
                } else {
                    cell
                }
            };
            writer.write_record(cells.map(neutral))?;
        }
        Ok(writer.into_inner()?)
    }

    fn workbook(&self) -> std::result::Result<Vec<u8>, XlsxError> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        sheet.set_name(self.title)?.set_freeze_panes(1, 0)?;
        heads(sheet, &self.heads())?;
        for (row, number) in self.rows.iter().zip(1..) {
            for (cell, column) in self
                .cells(row)
                .into_iter()
                .zip(0..)
                .filter(|(cell, _)| !cell.is_empty())
            {
                sheet.write_string(number, column, cell)?;
            }
        }
        let text = Format::new().set_num_format("@");
        let mut lists = Vec::new();
        for (column, place) in self.layout.of_template().zip(0..) {
            // A spreadsheet makes no day or number of what it knows to be a text.
            if !matches!(column.kind, Kind::Whole | Kind::Day) {
                sheet.set_column_format(place, &text)?;
            }
            if let Kind::Code(list) | Kind::Codes(list) = column.kind {
                let at = place_of(&mut lists, list);
                if matches!(column.kind, Kind::Code(_)) {
                    sheet.add_data_validation(1, place, PREPARED, place, &choice(list, at))?;
                }
            }
        }
        codes(book.add_worksheet(), &lists)?;
        book.save_to_buffer()
    }
}

/// The place of a nomenclature among those that are listed.
fn place_of(lists: &mut Vec<&'static str>, list: &'static str) -> usize {
    match lists.iter().position(|known| *known == list) {
        Some(place) => place,
        None => {
            lists.push(list);
            lists.len() - 1
        }
    }
}

/// A choice among the codes of a nomenclature, which only warns: a label is understood too.
fn choice(list: &str, place: usize) -> DataValidation {
    let entries = Reference::get()
        .nomenclature(list)
        .map_or(0, |list| list.entries.len());
    let column = letters(place * 2);
    let range = format!("={CODES}!${column}$2:${column}${}", entries + 1);
    DataValidation::new()
        .allow_list_formula(Formula::new(range))
        .set_error_style(DataValidationErrorStyle::Warning)
}

fn heads(sheet: &mut Worksheet, heads: &[String]) -> std::result::Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    for (head, column) in heads.iter().zip(0..) {
        sheet.set_column_width(column, 24)?;
        sheet.write_string_with_format(0, column, head, &bold)?;
    }
    Ok(())
}

/// The codes of these nomenclatures beside what they mean.
fn codes(sheet: &mut Worksheet, lists: &[&str]) -> std::result::Result<(), XlsxError> {
    sheet.set_name(CODES)?.set_freeze_panes(1, 0)?;
    let names = lists
        .iter()
        .flat_map(|list| [(*list).to_owned(), format!("{list} : libellé")]);
    heads(sheet, &names.collect::<Vec<_>>())?;
    for (list, column) in lists.iter().zip((0..).step_by(2)) {
        let entries = Reference::get()
            .nomenclature(list)
            .map(|list| list.entries.as_slice());
        for (entry, row) in entries.unwrap_or_default().iter().zip(1..) {
            sheet.write_string(row, column, &entry.code)?;
            sheet.write_string(row, column + 1, &entry.label_fr)?;
        }
    }
    Ok(())
}
