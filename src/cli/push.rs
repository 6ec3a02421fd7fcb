//! `ree push`: sends a portal's whole offer as a synchronisation, and shows what became of each item.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::Failure;
use super::output::{self, Format, tell};
use super::remote::{Caller, Patience, Remote, Request, expect, json as answered, member, said};
use crate::clock::Clock;
use crate::integration::imports::source::Table;

/// The most items of a batch, and the most of its bytes: the service takes no more.
const MOST_ITEMS: usize = 1000;
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// How long a service that is away is waited for.
const PATIENCE: Duration = Duration::from_secs(300);

const JSON: &str = "application/json";
const COLUMNS: &[&str] = &["line", "external_id", "outcome", "status", "errors"];

#[derive(clap::Args)]
pub struct Arguments {
    /// The file: NDJSON, or CSV with a header of field names
    file: PathBuf,
    /// The address of the service
    #[arg(long, value_name = "URL")]
    to: String,
    /// The partner whose offer it is; that of the token by default
    #[arg(long, value_name = "ID")]
    partner: Option<String>,
    /// Withdraw as much as is no longer in the file: asked for above 20 % of the offer
    #[arg(long)]
    confirm: bool,
    /// Abandon a synchronisation that another push has left open
    #[arg(long)]
    abandon_open: bool,
    /// How the verdicts are written
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    #[command(flatten)]
    caller: Caller,
}

/// Exit status 0 when every item was taken and the rest withdrawn, 1 otherwise.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let batches = read(&arguments.file)?;
    let patience = Patience::For(PATIENCE);
    let mut remote = Remote::new(&arguments.to, &arguments.caller, patience)?;
    let partner = match &arguments.partner {
        Some(partner) => partner.clone(),
        None => member(&remote.claims()?, "partner_id")
            .as_str()
            .ok_or("the token is no partner's: name one with --partner")?
            .to_owned(),
    };
    let mut push = Push {
        remote,
        partner,
        clock: Clock::default(),
    };
    let sync = push.open(arguments.abandon_open)?;
    let verdicts = match push.send(&sync, &batches) {
        Ok(verdicts) => verdicts,
        Err(failure) => {
            push.abandon(&sync)?;
            return Err(failure);
        }
    };
    output::print(&output::list(arguments.format, &verdicts, COLUMNS)?)?;
    let is_committed = push.commit(&sync, arguments.confirm)?;
    let is_whole = verdicts.iter().all(|verdict| verdict.outcome != "rejected");
    Ok(match is_committed && is_whole {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// A part of the file that is sent at once.
struct Batch {
    content_type: &'static str,
    body: Vec<u8>,
    /// The line of each item.
    lines: Vec<u64>,
}

impl Batch {
    const fn new(content_type: &'static str) -> Self {
        Self {
            content_type,
            body: Vec::new(),
            lines: Vec::new(),
        }
    }

    fn has_room(&self, bytes: usize) -> bool {
        self.lines.len() < MOST_ITEMS && self.body.len() + bytes <= MOST_BYTES
    }
}

/// What became of an item.
#[derive(Debug, Serialize)]
struct Verdict {
    line: u64,
    external_id: String,
    outcome: String,
    status: String,
    errors: Vec<String>,
}

/// The whole file, before anything is sent: what cannot be read to its end withdraws nothing.
fn read(path: &Path) -> Result<Vec<Batch>, Failure> {
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file = File::open(path).map_err(told)?;
    let mut first = [0; 64];
    let length = file.read(&mut first).map_err(told)?;
    file.rewind().map_err(told)?;
    let text = first.get(..length).unwrap_or_default();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    match text.trim_ascii_start().first() {
        Some(b'{') => objects(BufReader::new(file)),
        _ => rows(file).map_err(|failure| format!("{}: {failure}", path.display()).into()),
    }
}

fn objects(file: impl BufRead) -> Result<Vec<Batch>, Failure> {
    const NDJSON: &str = "application/x-ndjson";
    let mut batches = vec![Batch::new(NDJSON)];
    for (number, line) in (1..).zip(file.lines()) {
        let line = line?;
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() {
            continue;
        }
        serde_json::from_str::<Value>(line).map_err(|error| format!("line {number}: {error}"))?;
        if batches
            .last()
            .is_none_or(|batch| !batch.has_room(line.len()))
        {
            batches.push(Batch::new(NDJSON));
        }
        if let Some(batch) = batches.last_mut() {
            batch.body.extend_from_slice(line.as_bytes());
            batch.body.push(b'\n');
            batch.lines.push(number);
        }
    }
    batches.retain(|batch| !batch.lines.is_empty());
    Ok(batches)
}

fn rows(file: File) -> Result<Vec<Batch>, Failure> {
    const CSV: &str = "text/csv";
    let mut table = Table::open(file)?;
    let header = line_of(table.header().iter().map(String::as_str))?;
    let mut batches: Vec<Batch> = Vec::new();
    while let Some(number) = table.advance()? {
        let cells = table.cells();
        let cells = cells.map_err(|refused| format!("line {number}: {}", refused.detail))?;
        let line = line_of(cells.iter())?;
        if batches
            .last()
            .is_none_or(|batch| !batch.has_room(line.len()))
        {
            let mut batch = Batch::new(CSV);
            batch.body.extend_from_slice(&header);
            batches.push(batch);
        }
        if let Some(batch) = batches.last_mut() {
            batch.body.extend_from_slice(&line);
            batch.lines.push(number);
        }
    }
    Ok(batches)
}

/// Cells as a line of RFC 4180.
fn line_of<'a>(cells: impl Iterator<Item = &'a str>) -> Result<Vec<u8>, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells)?;
    Ok(writer.into_inner().map_err(|error| error.to_string())?)
}

/// A synchronisation that is being sent.
struct Push {
    remote: Remote,
    partner: String,
    clock: Clock,
}

impl Push {
    fn path(&self, rest: &str) -> String {
        format!("/v1/partners/{}/{rest}", self.partner)
    }

    /// Posts, under a key of its own: it is done once, however often it is sent.
    fn post(&mut self, path: &str, form: &'static str, body: &[u8]) -> Result<Answer, Failure> {
        let key = self.clock.new_id().to_string();
        let request = Request {
            path,
            accept: JSON,
            body: Some((form, body, &key)),
        };
        let response = self.remote.send(&request)?;
        let status = response.status().as_u16();
        if (200..300).contains(&status) {
            return Ok(Answer::Done(answered(response)?));
        }
        Ok(Answer::Refused(status, answered(response)?))
    }

    /// Opens it; answers its id.
    fn open(&mut self, abandon_open: bool) -> Result<String, Failure> {
        let path = self.path("syncs");
        let id = |sync: &Value| sync["id"].as_str().map(str::to_owned);
        loop {
            match self.post(&path, JSON, b"{}")? {
                Answer::Done(sync) => {
                    return id(&sync).ok_or_else(|| "the service answered no id".into());
                }
                Answer::Refused(_, problem)
                    if abandon_open && *member(&problem, "code") == "sync_already_open" =>
                {
                    let open = format!("{path}?status=open&limit=1");
                    let found = self.remote.send(&Request::get(&open, JSON))?;
                    let found = answered(expect(found)?)?;
                    if let Some(other) = member(&found, "data").get(0).and_then(id) {
                        self.abandon(&other)?;
                        tell(&format!(
                            "abandoned: the synchronisation {other}, left open"
                        ));
                    }
                }
                Answer::Refused(status, problem) => return Err(said(status, &problem).into()),
            }
        }
    }

    fn send(&mut self, sync: &str, batches: &[Batch]) -> Result<Vec<Verdict>, Failure> {
        let path = self.path(&format!("interventions/batch?sync_id={sync}"));
        let mut verdicts = Vec::new();
        for batch in batches {
            match self.post(&path, batch.content_type, &batch.body)? {
                Answer::Done(answer) => verdicts.extend(judged(batch, &answer)),
                Answer::Refused(status, problem) => return Err(said(status, &problem).into()),
            }
            tell(&format!("sent: {} items", verdicts.len()));
        }
        Ok(verdicts)
    }

    /// Withdraws what was not sent. Where that is more than is likely meant, it is not done.
    fn commit(&mut self, sync: &str, confirm: bool) -> Result<bool, Failure> {
        let confirmed = if confirm { "?confirm=true" } else { "" };
        let path = self.path(&format!("syncs/{sync}/commit{confirmed}"));
        match self.post(&path, JSON, b"{}")? {
            Answer::Done(done) => {
                tell(&format!(
                    "committed: {} withdrawn",
                    member(&done, "withdrawn")
                ));
                Ok(true)
            }
            Answer::Refused(status, problem) => {
                tell(&said(status, &problem));
                self.abandon(sync)?;
                tell("nothing was withdrawn; what was taken stays; if it is meant: --confirm");
                Ok(false)
            }
        }
    }

    fn abandon(&mut self, sync: &str) -> Result<(), Failure> {
        let path = self.path(&format!("syncs/{sync}/abandon"));
        match self.post(&path, JSON, json!({}).to_string().as_bytes())? {
            Answer::Done(_) => Ok(()),
            Answer::Refused(status, problem) => Err(said(status, &problem).into()),
        }
    }
}

enum Answer {
    Done(Value),
    Refused(u16, Value),
}

/// The verdicts of a batch, each with the line of its item.
fn judged(batch: &Batch, answer: &Value) -> Vec<Verdict> {
    let items = answer["items"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    items
        .zip(&batch.lines)
        .map(|(item, line)| Verdict {
            line: *line,
            external_id: text(&item["external_id"]),
            outcome: text(&item["outcome"]),
            status: text(&item["status"]),
            errors: item["errors"]
                .as_array()
                .into_iter()
                .flatten()
                .map(fault)
                .collect(),
        })
        .collect()
}

/// A fault as one reads it: where, what, and what was probably meant.
fn fault(fault: &Value) -> String {
    let text = |name: &str| fault[name].as_str().unwrap_or_default();
    let nearest = match &fault["nearest"] {
        Value::Null => String::new(),
        Value::String(meant) => format!(" ({meant}?)"),
        other => format!(" ({other}?)"),
    };
    format!("{}: {}{nearest}", text("pointer"), text("detail"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_cut_into_batches_and_each_item_keeps_its_line() {
        let lines: String = (0..1500)
            .map(|number| format!("{{\"external_id\": \"{number}\"}}\n\n"))
            .collect();
        let batches = objects(lines.as_bytes()).unwrap();
        let sizes: Vec<usize> = batches.iter().map(|batch| batch.lines.len()).collect();
        assert_eq!(sizes, [1000, 500]);
        assert_eq!(batches[1].lines[0], 2001);
        assert!(objects("{}\n{\"a\":\n".as_bytes()).is_err());
    }

    #[test]
    fn a_fault_says_what_was_probably_meant() {
        let told = fault(
            &json!({ "pointer": "/action_type", "detail": "Ce code n'est pas connu.", "nearest": "company_visit" }),
        );
        assert_eq!(
            told,
            "/action_type: Ce code n'est pas connu. (company_visit?)"
        );
    }
}
