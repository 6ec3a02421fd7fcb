//! What a hostile body may cost: for each operation that takes one, the service's own processor time and
//! the length of its answer. `bench/costliest` searches farther, with bodies of 5 MiB.

use std::fmt::Write as _;
use std::io::Write as _;

use serde_json::{Value, json};

use crate::support::{Client, Directory, Reply, Service, run};

/// A build without optimisation takes about ten times as long: a tenth of the 5 MiB that cost a second.
const SIZE: usize = 512 * 1024;
/// Seconds of processor.
const MOST: f64 = 1.0;
/// How often a body that took longer is sent: beside other tests a processor takes longer for the same.
const SENT: usize = 3;
/// Bytes of an answer.
const MOST_ANSWERED: usize = 4 * 1024 * 1024;

/// The OpenAPI document.
struct Document(Value);

impl Document {
    fn resolved<'d>(&'d self, mut schema: &'d Value) -> &'d Value {
        loop {
            if let Some(reference) = schema["$ref"].as_str() {
                schema = self
                    .0
                    .pointer(&reference[1..])
                    .expect("what is referred to");
            } else if let Some(several) = schema["oneOf"].as_array() {
                let is_some = |one: &&Value| one["type"] != "null";
                schema = several.iter().find(is_some).expect("one that is not null");
            } else {
                return schema;
            }
        }
    }

    fn members<'d>(&'d self, schema: &'d Value) -> Vec<(&'d str, &'d Value)> {
        let properties = self.resolved(schema)["properties"].as_object();
        let members = properties.into_iter().flatten();
        members
            .map(|(name, schema)| (name.as_str(), self.resolved(schema)))
            .collect()
    }

    /// Those that take a body.
    fn operations(&self) -> Vec<Taking<'_>> {
        let paths = self.0["paths"].as_object().expect("paths");
        let operations = paths.iter().flat_map(|(path, methods)| {
            let methods = methods.as_object().expect("methods").iter();
            methods.map(move |(method, operation)| (path.as_str(), method, operation))
        });
        operations
            .filter(|(_, _, operation)| operation["requestBody"].is_object())
            .map(|(path, method, operation)| {
                let content = &self.resolved(&operation["requestBody"])["content"];
                let types = content.as_object().expect("types").iter();
                let types = types.map(|(name, one)| (name.as_str(), &one["schema"]));
                (method.to_uppercase(), path, types.collect())
            })
            .collect()
    }
}

/// The method and the path of an operation, and the types of its body with their schemas.
type Taking<'a> = (String, &'a str, Vec<(&'a str, &'a Value)>);

fn is_a(schema: &Value, kind: &str) -> bool {
    schema["type"] == kind
        || schema["type"]
            .as_array()
            .is_some_and(|all| all.contains(&kind.into()))
}

/// As many pieces as fit, each made of its number.
fn filled(begin: &str, piece: impl Fn(usize) -> String, separator: &str, end: &str) -> Vec<u8> {
    let mut text = begin.to_owned();
    for number in 0.. {
        let more = piece(number);
        if text.len() + more.len() + end.len() + 1 > SIZE {
            break;
        }
        if number > 0 {
            text += separator;
        }
        text += &more;
    }
    (text + end).into_bytes()
}

/// Hostile bodies of an operation that takes JSON.
fn of_json(document: &Document, schema: &Value) -> Vec<(String, Vec<u8>)> {
    let nested = "[".repeat(100) + &"]".repeat(100);
    let mut bodies = vec![
        (
            "unknown members".to_owned(),
            filled("{", |n| format!("\"membre_{n}\":{n}"), ",", "}"),
        ),
        (
            "depth".to_owned(),
            filled("{", |n| format!("\"a{n}\":{nested}"), ",", "}"),
        ),
    ];
    let members = document.members(schema);
    let texts = members.iter().filter(|(_, one)| is_a(one, "string"));
    let texts: Vec<&str> = texts.map(|(name, _)| *name).collect();
    if !texts.is_empty() {
        let long = "é".repeat(SIZE / 2 / texts.len() - 64);
        let object: Value = texts
            .iter()
            .map(|name| ((*name).to_owned(), json!(long)))
            .collect();
        bodies.push(("long texts".to_owned(), object.to_string().into_bytes()));
    }
    for (name, list) in members.iter().filter(|(_, one)| is_a(one, "array")) {
        let begin = format!("{{\"{name}\":[");
        let codes = filled(&begin, |n| format!("\"lycee_profesionel_{n}\""), ",", "]}");
        bodies.push((format!("{name}: wrong codes"), codes));
        let of_item = document.members(document.resolved(&list["items"]));
        if !of_item.is_empty() {
            // Long enough that no more than a thousand fit: more are refused for their number.
            let wrong = |n: usize| {
                let members = of_item
                    .iter()
                    .map(|(member, one)| match is_a(one, "array") {
                        true => (
                            (*member).to_owned(),
                            json!([format!("code {n}"), format!("Autre {n}")]),
                        ),
                        false => (
                            (*member).to_owned(),
                            json!(format!("{n} {}", "valeur ".repeat(8))),
                        ),
                    });
                members.collect::<Value>().to_string()
            };
            bodies.push((
                format!("{name}: nothing right"),
                filled(&begin, wrong, ",", "]}"),
            ));
        }
    }
    bodies
}

/// Hostile tables.
fn of_csv(columns: &[&str]) -> Vec<(String, Vec<u8>)> {
    let head = columns.join(";");
    let row = |n: usize| {
        let mut row = String::new();
        for _ in columns {
            let _ = write!(row, "valeur {n};");
        }
        row.trim_end_matches(';').to_owned()
    };
    vec![
        (
            "unknown columns".to_owned(),
            filled("", |n| format!("colonne_{n}"), ";", "\n1;2"),
        ),
        ("one line".to_owned(), vec![b'a'; SIZE]),
        ("separators alone".to_owned(), vec![b';'; SIZE]),
        (
            "nothing right".to_owned(),
            filled(&(head + "\n"), row, "\n", ""),
        ),
    ]
}

fn packed(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// Seconds of processor time of a process.
fn processor(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    let fields = stat
        .rsplit_once(')')
        .expect("its fields")
        .1
        .split_whitespace();
    let ticks: f64 = fields
        .skip(11)
        .take(2)
        .map(|field| field.parse::<f64>().unwrap())
        .sum();
    ticks / 100.0
}

/// Sends a body; a connection of its own each time, for the service closes it where it refuses.
fn send(
    service: &Service,
    token: &str,
    (line, headers): (&str, &str),
    body: &[u8],
) -> Option<Reply> {
    let mut client = Client::connect(service.api, None).unwrap();
    let length = body.len();
    let head = format!(
        "{line} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\nif-match: *\r\n\
         content-length: {length}\r\n{headers}\r\n"
    );
    client.write(head.as_bytes()).ok()?;
    // What is refused by its head alone is not read to its end.
    let _ = client.write(body);
    client.read().ok()
}

/// Whether a refusal tells what to do.
fn is_useful(reply: &Reply) -> bool {
    let told = reply.json();
    let faults = told["errors"].as_array();
    let says = |fault: &Value| fault["code"].is_string() && fault["detail"].is_string();
    match reply.status {
        422 => faults.is_some_and(|faults| !faults.is_empty() && faults.iter().all(says)),
        status if status >= 500 => false,
        status if status >= 400 => {
            told["detail"].is_string() || told["error_description"].is_string()
        }
        _ => true,
    }
}

#[test]
#[cfg(target_os = "linux")]
fn no_body_costs_more_than_it_is_worth_and_each_refusal_says_why() {
    let directory = Directory::new();
    let service = Service::start_with(&directory, &[("REE_RATE", "0"), ("REE_WORKERS", "1")]);
    let absent = "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e00";
    let made = run(
        directory.as_ref(),
        &["token", "--role", "partner", "--partner-id", absent],
    );
    let tokens = [service.token("ministry"), made.out.trim_end().to_owned()];
    let document = Document(service.anon().get("/openapi.json").unwrap().expect(200));
    let bomb = packed(&vec![b' '; 64 * 1024 * 1024]);
    let mut failed = Vec::new();
    for (method, path, types) in document.operations() {
        let mut address = path.to_owned();
        while let (Some(begin), Some(end)) = (address.find('{'), address.find('}')) {
            address.replace_range(begin..=end, absent);
        }
        let line = format!("{method} {address}");
        let first = format!("content-type: {}\r\n", types[0].0);
        let may = |token: &&String| {
            send(&service, token, (&line, &first), b"[]").is_none_or(|reply| reply.status != 403)
        };
        let token = tokens.iter().find(may).unwrap_or(&tokens[0]);
        for (media_type, schema) in &types {
            let of_rows = types.iter().find_map(|(_, schema)| {
                let lists = document.members(schema);
                let (_, list) = lists.into_iter().find(|(_, one)| is_a(one, "array"))?;
                Some(document.members(document.resolved(&list["items"])))
            });
            let columns: Vec<&str> = of_rows.iter().flatten().map(|(name, _)| *name).collect();
            let mut bodies = match *media_type {
                "text/csv" => of_csv(&columns),
                kind if kind.ends_with("json") && !kind.ends_with("ndjson") => {
                    of_json(&document, schema)
                }
                _ => continue,
            };
            bodies.push(("a bomb".to_owned(), bomb.clone()));
            for (words, body) in bodies {
                let coding = if words == "a bomb" {
                    "content-encoding: gzip\r\n"
                } else {
                    ""
                };
                let headers = format!("content-type: {media_type}\r\n{coding}");
                let measured = || {
                    let before = processor(service.id());
                    let reply = send(&service, token, (&line, &headers), &body);
                    (reply, processor(service.id()) - before)
                };
                let (reply, mut took) = measured();
                for _ in 1..SENT {
                    if took > MOST {
                        took = took.min(measured().1);
                    }
                }
                // None: it was refused and closed before it was read.
                let (status, length, is_useful) = match &reply {
                    Some(reply) => (reply.status, reply.body.len(), is_useful(reply)),
                    None => (0, 0, true),
                };
                if took > MOST || length > MOST_ANSWERED || !is_useful {
                    failed.push(format!(
                        "{line} {media_type} {words}: {took} s, {status}, {length} B"
                    ));
                }
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
