//! A load made of several groups at the same time: `ree-bench fire ADDRESS SECONDS < PLAN`.
//!
//! The plan, one directive a line:
//!
//! ```text
//! group NAME CONNECTIONS RATE    RATE requests a second of all its connections together; 0: as fast as they come
//! request LENGTH                 followed by LENGTH bytes, a request as it is sent; several take turns
//! ```
//!
//! To standard output, one line a group: `NAME` and, separated by tabs, `name=value` for each figure.
//! With a rate, a latency begins when the request was due, so that nobody who waits is left out.

use std::collections::BTreeMap;
use std::io::{BufRead, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(70);

struct Group {
    name: String,
    connections: usize,
    rate: f64,
    requests: Vec<Vec<u8>>,
}

/// One answer: its status (0: none came), when it began and how long it took, in microseconds, its bytes.
struct Answer {
    status: u16,
    began: Instant,
    took: u32,
    bytes: usize,
}

/// Reads the plan, makes the load, tells the figures.
pub fn main(address: SocketAddr, seconds: f64) {
    let groups = plan(&mut std::io::stdin().lock());
    let duration = Duration::from_secs_f64(seconds);
    let answers: Vec<Vec<Answer>> = std::thread::scope(|scope| {
        let running: Vec<_> = groups
            .iter()
            .map(|group| scope.spawn(move || of_group(address, group, duration)))
            .collect();
        running.into_iter().map(|group| group.join().expect("a group")).collect()
    });
    for (group, answers) in groups.iter().zip(answers) {
        println!("{}\t{}", group.name, told(answers, seconds));
    }
}

fn plan(input: &mut impl BufRead) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut line = String::new();
    while input.read_line(&mut line).expect("a plan") > 0 {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["group", name, connections, rate] => groups.push(Group {
                name: (*name).to_owned(),
                connections: connections.parse().expect("connections"),
                rate: rate.parse().expect("a rate"),
                requests: Vec::new(),
            }),
            ["request", length] => {
                let mut request = vec![0; length.parse().expect("a length")];
                input.read_exact(&mut request).expect("a request");
                groups.last_mut().expect("a group first").requests.push(request);
            }
            [] => {}
            other => panic!("a plan of groups and requests, not {other:?}"),
        }
        line.clear();
    }
    groups
}

fn of_group(address: SocketAddr, group: &Group, duration: Duration) -> Vec<Answer> {
    let turn = AtomicUsize::new(0);
    let begin = Instant::now();
    let answers = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..group.connections)
            .map(|_| {
                let (turn, one) = (&turn, move |turn: &AtomicUsize| of_connection(address, group, turn, begin, duration));
                let thread = std::thread::Builder::new().stack_size(256 * 1024);
                thread.spawn_scoped(scope, move || one(turn)).expect("a thread")
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a connection")).collect()
    });
    answers
}

/// Sends the group's requests in turn until the time is over.
fn of_connection(
    address: SocketAddr,
    group: &Group,
    turn: &AtomicUsize,
    begin: Instant,
    duration: Duration,
) -> Vec<Answer> {
    let (mut answers, mut connection) = (Vec::new(), None);
    loop {
        let number = turn.fetch_add(1, Ordering::Relaxed);
        let due = if group.rate > 0.0 {
            begin + Duration::from_secs_f64(number as f64 / group.rate)
        } else {
            Instant::now()
        };
        if due >= begin + duration || Instant::now() >= begin + duration {
            return answers;
        }
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let request = &group.requests[number % group.requests.len()];
        let told = exchange(&mut connection, address, request);
        let took = due.elapsed().as_micros().min(u128::from(u32::MAX)) as u32;
        let (status, bytes) = told.unwrap_or_default();
        answers.push(Answer { status, began: due, took, bytes });
    }
}

/// Sends a request, on the connection that is open or on a new one; status and bytes.
fn exchange(connection: &mut Option<Wire>, address: SocketAddr, request: &[u8]) -> std::io::Result<(u16, usize)> {
    if let Some(mut open) = connection.take() {
        // One that was closed meanwhile says so before its first byte: then, and then alone, another is tried.
        if let Ok(found) = open.exchange(request) {
            *connection = open.is_kept.then_some(open);
            return Ok(found);
        }
        if open.has_answered {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    let mut open = Wire::open(address)?;
    let found = open.exchange(request)?;
    *connection = open.is_kept.then_some(open);
    Ok(found)
}

struct Wire {
    stream: std::io::BufReader<TcpStream>,
    is_kept: bool,
    /// Whether a byte of the answer that is read has come.
    has_answered: bool,
}

impl Wire {
    fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream: std::io::BufReader::with_capacity(64 * 1024, stream), is_kept: true, has_answered: false })
    }

    fn exchange(&mut self, request: &[u8]) -> std::io::Result<(u16, usize)> {
        self.has_answered = false;
        // What is refused by its head is answered before it is sent whole.
        let sent = self.stream.get_mut().write_all(request);
        let (mut status, mut length, mut is_chunked) = (0, None, false);
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            self.has_answered = true;
            match line.split_once(':') {
                None => status = line.get(9..12).and_then(|code| code.parse().ok()).unwrap_or(0),
                Some((name, value)) => match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.trim().parse().ok(),
                    "transfer-encoding" => is_chunked = true,
                    "connection" => self.is_kept &= !value.trim().eq_ignore_ascii_case("close"),
                    _ => {}
                },
            }
        }
        self.is_kept &= sent.is_ok();
        let bytes = match length {
            Some(length) => self.pass(length)?,
            None if is_chunked => self.pass_chunks()?,
            None if status == 204 || status == 304 => 0,
            None => return Err(std::io::Error::other("an answer without a length")),
        };
        Ok((status, bytes))
    }

    fn line(&mut self) -> std::io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    fn pass(&mut self, length: usize) -> std::io::Result<usize> {
        let mut body = (&mut self.stream).take(length as u64);
        let passed = std::io::copy(&mut body, &mut std::io::sink())? as usize;
        if passed == length { Ok(length) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
    }

    fn pass_chunks(&mut self) -> std::io::Result<usize> {
        let mut passed = 0;
        loop {
            let line = self.line()?;
            let length = usize::from_str_radix(line.trim(), 16).map_err(std::io::Error::other)?;
            self.pass(length + 2)?;
            passed += length;
            if length == 0 {
                return Ok(passed);
            }
        }
    }
}

/// The figures of a group: milliseconds, and how often each status came.
fn told(answers: Vec<Answer>, seconds: f64) -> String {
    let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
    let (mut good, mut refused, mut all) = (Vec::new(), Vec::new(), Vec::new());
    let mut bytes = 0;
    for answer in &answers {
        *statuses.entry(answer.status).or_default() += 1;
        bytes += answer.bytes;
        all.push(answer.took);
        match answer.status {
            200..=399 => good.push(answer.took),
            429 | 503 => refused.push(answer.took),
            _ => {}
        }
    }
    let longest = answers.iter().max_by_key(|answer| answer.took);
    let when = longest.zip(answers.first()).map(|(longest, first)| longest.began.saturating_duration_since(first.began));
    let statuses: Vec<String> = statuses.iter().map(|(status, count)| format!("{status}:{count}")).collect();
    let per_second = good.len() as f64 / seconds;
    let mut figures = format!("answers={}\tgood={}\tper_second={per_second:.2}\tbytes={bytes}", all.len(), good.len());
    for (name, mut latencies) in [("all", all), ("good", good), ("refused", refused)] {
        latencies.sort_unstable();
        let at = |share: f64| {
            let index = (latencies.len() as f64 * share) as usize;
            latencies.get(index.min(latencies.len().saturating_sub(1))).map_or(f64::NAN, |took| f64::from(*took) / 1000.0)
        };
        figures += &format!("\t{name}_p50={:.2}\t{name}_p99={:.2}\t{name}_max={:.2}", at(0.5), at(0.99), at(1.0));
    }
    figures += &format!("\tlongest_at={:.1}", when.unwrap_or_default().as_secs_f64());
    figures + &format!("\tstatuses={}", statuses.join(","))
}
