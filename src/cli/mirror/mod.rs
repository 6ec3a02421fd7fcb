//! `ree mirror`: keeps a copy of all that a caller may read in a database of its own, in step with the
//! register.
//!
//! It reads a snapshot, then follows the feed; whatever it has read and where it is are kept in one
//! transaction, so that it goes on where it was after any interruption. Told to read again (410), it
//! does. It is written against the API alone, as integrators' programs are.

mod store;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::time::Duration;

use serde_json::Value;

use super::Failure;
use super::output::tell;
use super::remote::{Caller, Patience, Remote, Request, expect, json, member, said};
use store::{Object, Store};

/// Objects written at a time.
const AT_A_TIME: usize = 500;
/// Objects between two words of progress.
const WORD: u64 = 20_000;
/// How often a snapshot that breaks off is begun again.
const ATTEMPTS: u32 = 5;
/// How long a service that is away is waited for, with `--once`.
const ONCE: Duration = Duration::from_secs(120);

const JSON: &str = "application/json";
const NDJSON: &str = "application/x-ndjson";

#[derive(clap::Args)]
pub struct Arguments {
    /// The address of the service
    #[arg(long, value_name = "URL")]
    from: String,
    /// The database that the copy is kept in: sqlite:FILE or postgres://…
    #[arg(long, value_name = "TARGET")]
    into: String,
    /// Get in step once and end, instead of staying in step
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    caller: Caller,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let patience = match arguments.once {
        true => Patience::For(ONCE),
        false => Patience::Endless,
    };
    let remote = Remote::new(&arguments.from, &arguments.caller, patience)?;
    let mut store = store::open(&arguments.into)?;
    if let Some(other) = store.noted("from")?
        && other != remote.base()
    {
        return Err(format!("{} mirrors {other}", arguments.into).into());
    }
    let mut mirror = Mirror { remote, store };
    mirror.keep(arguments.once)
}

struct Mirror {
    remote: Remote,
    store: Box<dyn Store>,
}

/// What became of a page of the feed.
enum Step {
    /// So many changes were taken, and more may follow at once.
    Behind(usize),
    /// All is read.
    Done(usize),
    /// It cannot be gone on from the cursor.
    ReadAgain(String),
}

impl Mirror {
    fn keep(&mut self, once: bool) -> Result<(), Failure> {
        if self.store.noted("cursor")?.is_none() {
            self.snapshot()?;
        }
        let mut changes = 0;
        loop {
            match self.step(once)? {
                Step::Behind(taken) => changes += taken,
                Step::Done(taken) => {
                    changes += taken;
                    if changes > 0 || once {
                        tell(&format!("in step: {changes} changes"));
                    }
                    changes = 0;
                    if once {
                        return Ok(());
                    }
                }
                Step::ReadAgain(why) => {
                    tell(&format!("reading again: {why}"));
                    self.snapshot()?;
                }
            }
        }
    }

    /// Reads everything, whatever was there before; what breaks off is begun again.
    fn snapshot(&mut self) -> Result<(), Failure> {
        let mut attempt = 1;
        loop {
            self.store.begin()?;
            match self.read_all() {
                Ok(objects) => {
                    self.store.commit()?;
                    tell(&format!("snapshot: {objects} objects"));
                    return Ok(());
                }
                Err(failure) => {
                    self.store.roll_back()?;
                    if attempt == ATTEMPTS {
                        return Err(failure);
                    }
                    tell(&format!("the snapshot is begun again: {failure}"));
                    std::thread::sleep(Duration::from_secs(2_u64.pow(attempt)));
                    attempt += 1;
                }
            }
        }
    }

    fn read_all(&mut self) -> Result<u64, Failure> {
        let request = Request::get("/v1/changes/snapshot", NDJSON);
        let response = expect(self.remote.send(&request)?)?;
        let mut lines = BufReader::new(response.into_body().into_reader()).lines();
        let first: Value = match lines.next() {
            Some(line) => serde_json::from_str(&line?)?,
            None => return Err("the snapshot is empty".into()),
        };
        let types = member(&first, "types")
            .as_array()
            .cloned()
            .unwrap_or_default();
        for kind in types.iter().filter_map(Value::as_str) {
            self.store.clear(kind)?;
        }
        let mut batch = Batch::default();
        let mut objects = 0;
        for line in lines {
            let line: Value = serde_json::from_str(&line?)?;
            if let Some(cursor) = member(&line, "cursor").as_str() {
                batch.write(self.store.as_mut())?;
                self.store.note("cursor", cursor)?;
                let base = self.remote.base().to_owned();
                self.store.note("from", &base)?;
                return Ok(objects);
            }
            batch.add(&line, self.store.as_mut())?;
            objects += 1;
            if objects % WORD == 0 {
                tell(&format!("snapshot: {objects} objects so far"));
            }
        }
        Err("the snapshot broke off before its last line".into())
    }

    /// Takes the next page of the feed.
    fn step(&mut self, once: bool) -> Result<Step, Failure> {
        let cursor = self.store.noted("cursor")?.unwrap_or_default();
        let wait = if once { "" } else { "&wait=30" };
        let path = format!("/v1/changes?limit=200&after={cursor}{wait}");
        let response = self.remote.send(&Request::get(&path, JSON))?;
        let status = response.status().as_u16();
        if matches!(status, 400 | 410) {
            let problem = json(response)?;
            return match member(&problem, "code").as_str() {
                // Of a register that was made anew.
                Some("resync_required" | "invalid_cursor") => {
                    Ok(Step::ReadAgain(said(status, &problem)))
                }
                _ => Err(said(status, &problem).into()),
            };
        }
        let page = json(expect(response)?)?;
        let changes = member(&page, "data")
            .as_array()
            .cloned()
            .unwrap_or_default();
        let next = member(&page, "cursor")
            .as_str()
            .ok_or("a page without a cursor")?;
        self.store.begin()?;
        match self.take(&changes, next) {
            Ok(()) => self.store.commit()?,
            Err(failure) => {
                self.store.roll_back()?;
                return Err(failure);
            }
        }
        Ok(match member(&page, "next_cursor").is_null() {
            true => Step::Done(changes.len()),
            false => Step::Behind(changes.len()),
        })
    }

    fn take(&mut self, changes: &[Value], next: &str) -> Result<(), Failure> {
        for change in changes {
            let (kind, object) = read(change)?;
            match object {
                Ok(object) => self.store.put(kind, &[object])?,
                Err(id) => self.store.remove(kind, id)?,
            }
        }
        self.store.note("cursor", next)
    }
}

/// The type of the object that a line tells of, and the object; its id alone where it is gone.
fn read(line: &Value) -> Result<(&str, Result<Object, &str>), Failure> {
    let link = &line["object"];
    let text = |name: &str| link[name].as_str().ok_or("a line without its object");
    let (kind, id, url) = (text("type")?, text("id")?, text("url")?);
    let data = &line["data"];
    if data.is_null() {
        return Ok((kind, Err(id)));
    }
    let object = Object {
        id: id.to_owned(),
        url: url.to_owned(),
        json: data.to_string(),
    };
    Ok((kind, Ok(object)))
}

/// Objects that are written together.
#[derive(Default)]
struct Batch(BTreeMap<String, Vec<Object>>);

impl Batch {
    fn add(&mut self, line: &Value, store: &mut dyn Store) -> Result<(), Failure> {
        let (kind, object) = read(line)?;
        if let Ok(object) = object {
            let waiting = self.0.entry(kind.to_owned()).or_default();
            waiting.push(object);
            if waiting.len() >= AT_A_TIME {
                store.put(kind, waiting)?;
                waiting.clear();
            }
        }
        Ok(())
    }

    fn write(&mut self, store: &mut dyn Store) -> Result<(), Failure> {
        for (kind, objects) in std::mem::take(&mut self.0) {
            store.put(&kind, &objects)?;
        }
        Ok(())
    }
}
