//! The service against PostgreSQL itself, on the same server and the same rows, in one run: see
//! README.md. Progress goes to standard error, the table to standard output. `ree-bench fire` is the load of
//! the benchmarks in Python.

mod bulk;
mod fire;
mod load;
mod postgres;
mod push;
mod service;

use std::path::{Path, PathBuf};
use std::time::Duration;

use load::{Connection, Figures, Random};
use postgres::Postgres;
use service::Service;

struct Options {
    ree: PathBuf,
    partners: u64,
    /// With five lines each; 0 leaves them out.
    reports: u64,
    /// 0 leaves them out.
    interventions: u64,
    rounds: usize,
    seconds: u64,
    connections: Vec<usize>,
    only: Option<String>,
    keep_running: bool,
}

impl Options {
    /// Whether a subject is asked for.
    fn wants(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only.split(',').any(|one| one == name))
    }
}

const USAGE: &str = "bench/run [--partners 20000] [--reports 1000000] [--interventions 200000] [--rounds 5] \
                     [--seconds 4] [--connections 16,64] \
                     [--only read,page,insert,values,report,search,facets,opportunities,batch,same,start] [--keep-running]";

fn options() -> Options {
    let mut options = Options {
        ree: "target/release/ree".into(),
        partners: 20_000,
        reports: 1_000_000,
        interventions: 200_000,
        rounds: 5,
        seconds: 4,
        connections: vec![16, 64],
        only: None,
        keep_running: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        if name == "--keep-running" {
            options.keep_running = true;
            continue;
        }
        let value = arguments.next().expect(USAGE);
        match name.as_str() {
            "--ree" => options.ree = value.into(),
            "--partners" => options.partners = value.parse().expect(USAGE),
            "--reports" => options.reports = value.parse().expect(USAGE),
            "--interventions" => options.interventions = value.parse().expect(USAGE),
            "--rounds" => options.rounds = value.parse().expect(USAGE),
            "--seconds" => options.seconds = value.parse().expect(USAGE),
            "--connections" => options.connections = value.split(',').map(|c| c.parse().expect(USAGE)).collect(),
            "--only" => options.only = Some(value),
            _ => panic!("{USAGE}"),
        }
    }
    assert!(options.partners >= 1000, "at least 1000 partners");
    options
}

/// What is measured: the request, and the script that asks PostgreSQL for the same.
struct Subject {
    name: &'static str,
    aim: f64,
    status: u16,
    request: Box<dyn Fn(&mut Random) -> Vec<u8> + Sync>,
    script: String,
    /// How pgbench sends it: `prepared` once, or `extended`, anew each time.
    mode: &'static str,
    /// On how many connections, if not on as many as asked for.
    connections: Option<usize>,
}

/// A directory that goes with the run, as far as it may.
struct Directory(PathBuf);

impl Drop for Directory {
    fn drop(&mut self) {
        service::wait_for_end(&self.0);
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, command, address, seconds] = arguments.as_slice()
        && command == "fire"
    {
        fire::main(address.parse().expect("an address"), seconds.parse().expect("seconds"));
        return;
    }
    let options = options();
    let directory = Directory(std::env::temp_dir().join(format!("ree-bench-{}", std::process::id())));
    std::fs::create_dir_all(&directory.0).expect("a directory");
    eprintln!("data directory {}", directory.0.display());
    let api = service::free_address();
    let service = Service::start(&options.ree, &directory.0, api);
    let postgres = Postgres::of(&directory.0);
    println!("{}", postgres.sql("SHOW server_version"));
    for statement in postgres::fill(options.partners) {
        postgres.sql(&statement);
    }
    let token = service::token(&options.ree, &directory.0, "ministry", &[]);
    let mut subjects = subjects(&options, api, &token);
    let head = format!("HTTP/1.1\r\nhost: {api}\r\nauthorization: Bearer {token}\r\n");
    subjects.extend(bulk::subjects(&options, &postgres, api, &head));
    if options.keep_running {
        eprintln!("admin address {}", service.admin);
        eprintln!("{api}; stop this process to end it\nAuthorization: Bearer {token}");
        std::thread::park();
    }

    println!("| request | connections | service /s | p50 ms | p99 ms | its CPU µs | pgbench /s | p50 ms | p99 ms | ratio (lowest–highest) | aim |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    let wanted = |name: &str| options.wants(name);
    let is_wanted = |subject: &&Subject| wanted(subject.name.split(' ').next().unwrap_or_default());
    for (place, connections) in options.connections.iter().enumerate() {
        for subject in subjects.iter().filter(is_wanted) {
            let connections = match subject.connections {
                Some(_) if place > 0 => continue,
                own => own.unwrap_or(*connections),
            };
            println!("{}", compare(&options, subject, connections, &service, &postgres));
        }
    }
    let (now, most) = service.memory();
    println!("\nResident memory of the service after the load: {now:.1} MiB (at most {most:.1}); aim 64.");
    statements(&subjects, &postgres, api);
    service.stop(&directory.0);
    if wanted("start") {
        start(&options.ree, &directory.0, api);
    }
}

fn subjects(options: &Options, api: std::net::SocketAddr, token: &str) -> Vec<Subject> {
    let head = format!("HTTP/1.1\r\nhost: {api}\r\nauthorization: Bearer {token}\r\n");
    let partners = options.partners;
    let (read_head, page_head, insert_head) = (head.clone(), head.clone(), head.clone());
    let cursors = cursors(api, &head);
    eprintln!("{} pages", cursors.len());
    let read = move |random: &mut Random| {
        let number = postgres::FIRST + random.below(partners);
        format!("GET /v1/partners/{}{number} {read_head}\r\n", postgres::ID_PREFIX).into_bytes()
    };
    let page = move |random: &mut Random| {
        let cursor = &cursors[random.below(cursors.len() as u64) as usize];
        format!("GET /v1/partners?cursor={cursor} {page_head}\r\n").into_bytes()
    };
    let insert = move |random: &mut Random| {
        let number = random.below(1 << 31);
        let body = format!(
            r#"{{"legal_name":"{}{number}","kind":"company","sectors":["metal_industry"],"website":"https://ateliers.exemple.fr","description":"{}"}}"#,
            postgres::LEGAL_NAME,
            postgres::DESCRIPTION
        );
        let length = body.len();
        format!("POST /v1/partners {insert_head}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
            .into_bytes()
    };
    vec![
        Subject { name: "read", aim: 0.5, status: 200, request: Box::new(read), script: postgres::read_script(partners), mode: "prepared", connections: None },
        Subject { name: "page", aim: 0.45, status: 200, request: Box::new(page), script: postgres::page_script(partners), mode: "prepared", connections: None },
        Subject { name: "insert", aim: 0.6, status: 201, request: Box::new(insert), script: postgres::insert_script(), mode: "prepared", connections: None },
    ]
}

/// The cursor of every page of the list.
fn cursors(api: std::net::SocketAddr, head: &str) -> Vec<String> {
    let mut connection = Connection::open(api).expect("a connection");
    let mut cursors: Vec<String> = Vec::new();
    loop {
        let query = cursors.last().map(|cursor| format!("?cursor={cursor}")).unwrap_or_default();
        let request = format!("GET /v1/partners{query} {head}\r\n");
        let (status, body) = connection.exchange(request.as_bytes()).expect("a page");
        let body = String::from_utf8_lossy(body);
        assert_eq!(status, 200, "{body}");
        let Some((_, rest)) = body.rsplit_once("\"next_cursor\":\"") else { break };
        cursors.push(rest.split('"').next().unwrap_or_default().to_owned());
    }
    cursors.pop();
    cursors
}

/// Both sides in turn, as often as asked; the medians, and the ratio of each round.
fn compare(options: &Options, subject: &Subject, connections: usize, service: &Service, postgres: &Postgres) -> String {
    let (short, long) = (Duration::from_secs(1), Duration::from_secs(options.seconds));
    let ours = |duration| {
        let (before, own) = (service.cpu(), service::cpu("self"));
        let figures = load::run(service.api, connections, duration, subject.status, &subject.request);
        let answers = figures.answers as f64;
        eprintln!("  load generator: {:.0} µs of processor time a request", (service::cpu("self") - own) * 1e6 / answers);
        Figures { cpu: (service.cpu() - before) * 1e6 / answers, ..figures }
    };
    let theirs = |duration| postgres.bench(&subject.script, subject.mode, connections, duration);
    ours(short);
    theirs(short);
    let (mut ours_all, mut theirs_all, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..options.rounds {
        // Who goes first changes, so that neither always has the warmer machine.
        let (one, other) = if round % 2 == 0 {
            let one = ours(long);
            (one, theirs(long))
        } else {
            let other = theirs(long);
            (ours(long), other)
        };
        eprintln!("{} {connections}: {:.0} / {:.0}", subject.name, one.per_second, other.per_second);
        ours_all.push(one);
        theirs_all.push(other);
        ratios.push(one.per_second / other.per_second);
    }
    ratios.sort_by(f64::total_cmp);
    let (one, other) = (medians(&ours_all), medians(&theirs_all));
    format!(
        "| {} | {connections} | {:.*} | {:.2} | {:.2} | {:.0} | {:.*} | {:.2} | {:.2} | {:.2} ({:.2}–{:.2}) | {:.2} |",
        subject.name,
        digits(one.per_second),
        one.per_second,
        one.p50 / 1000.0,
        one.p99 / 1000.0,
        one.cpu,
        digits(other.per_second),
        other.per_second,
        other.p50 / 1000.0,
        other.p99 / 1000.0,
        ratios[ratios.len() / 2],
        ratios[0],
        ratios[ratios.len() - 1],
        subject.aim
    )
}

/// Of a small number, two digits after the point.
fn digits(number: f64) -> usize {
    if number < 100.0 { 2 } else { 0 }
}

fn medians(figures: &[Figures]) -> Figures {
    let median = |of: fn(&Figures) -> f64| {
        let mut values: Vec<f64> = figures.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Figures {
        per_second: median(|f| f.per_second),
        p50: median(|f| f.p50),
        p99: median(|f| f.p99),
        cpu: median(|f| f.cpu),
        answers: 0,
    }
}

/// What the server's log says that one request of each kind makes it do.
fn statements(subjects: &[Subject], postgres: &Postgres, api: std::net::SocketAddr) {
    // Every worker's connections are to be open and to know the statement.
    for subject in subjects {
        load::run(api, subject.connections.unwrap_or(8), Duration::from_secs(1), subject.status, &subject.request);
    }
    // Of each statement it tells when it is parsed, too: once for a connection, if it is prepared.
    postgres.log_everything(true);
    println!("\nStatements of one request, from the server's log:\n");
    let mut random = Random::new(7);
    for subject in subjects {
        let before = postgres.log().len();
        let mut connection = Connection::open(api).expect("a connection");
        connection.exchange(&(subject.request)(&mut random)).expect("an answer");
        std::thread::sleep(Duration::from_millis(300));
        let log = postgres.log();
        let found: Vec<String> = log[before..].lines().filter_map(statement).collect();
        println!("- {}: {}", subject.name, found.len());
        for text in found {
            println!("  - `{text}`");
        }
    }
    postgres.log_everything(false);
}

/// The SQL of a log line; not that of the service's own upkeep, every two seconds.
fn statement(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("LOG:  duration: ")?;
    let (_, rest) = rest.split_once(" ms  ")?;
    let (kind, sql) = rest.split_once(": ")?;
    let upkeep = ["tokens_after", "revoked_tokens"].iter().any(|name| sql.contains(name));
    let sql: String = sql.chars().take(90).collect();
    match kind.split(' ').next()? {
        _ if upkeep => None,
        "parse" => Some(format!("PREPARE, one round trip more: {sql}")),
        "bind" => None,
        _ => Some(sql),
    }
}

/// Starts on the existing database, and PostgreSQL's part of them.
fn start(program: &Path, directory: &Path, api: std::net::SocketAddr) {
    let mut starts: Vec<(f64, f64)> = Vec::new();
    for _ in 0..7 {
        let service = Service::start(program, directory, api);
        let own = postgres_start(&Postgres::of(directory).log());
        starts.push((service.started_in.as_secs_f64() * 1000.0, own));
        service.stop(directory);
    }
    starts.sort_by(|a, b| (a.0 - a.1).total_cmp(&(b.0 - b.1)));
    let (whole, own) = starts[starts.len() / 2];
    println!(
        "\nWarm start to the first 200 of /readyz: {whole:.0} ms, of which PostgreSQL {own:.0} ms: {:.0} ms besides (aim 300).",
        whole - own
    );
}

/// Milliseconds between the last two lines of the log that speak of a start.
fn postgres_start(log: &str) -> f64 {
    let moment = |marker: &str| {
        let line = log.lines().rev().find(|line| line.contains(marker))?;
        let time = line.split(' ').nth(1)?;
        let mut parts = time.split(':');
        let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
        Some((hours.parse::<f64>().ok()? * 60.0 + minutes.parse::<f64>().ok()?) * 60.0 + seconds.parse::<f64>().ok()?)
    };
    match (moment("starting PostgreSQL"), moment("ready to accept connections")) {
        (Some(begin), Some(end)) => (end - begin) * 1000.0,
        _ => f64::NAN,
    }
}
