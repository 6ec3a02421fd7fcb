//! The HTTP load: one blocking thread a connection, each asking again as soon as it is answered.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// What a run of either side came to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    pub per_second: f64,
    /// Microseconds.
    pub p50: f64,
    pub p99: f64,
    /// Microseconds of processor time the service spent on one answer, without PostgreSQL's.
    pub cpu: f64,
    /// How many answers these are of.
    pub answers: usize,
}

impl Figures {
    pub fn of(mut latencies: Vec<u32>, per_second: f64) -> Self {
        latencies.sort_unstable();
        let at = |share: f64| {
            let index = (latencies.len() as f64 * share) as usize;
            latencies.get(index.min(latencies.len().saturating_sub(1))).map_or(0.0, |micros| f64::from(*micros))
        };
        Self { per_second, p50: at(0.5), p99: at(0.99), cpu: 0.0, answers: latencies.len() }
    }
}

/// Numbers that need not be unforeseeable (xorshift64*).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) % bound
    }
}

/// One connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self { stream, buffer: vec![0; 64 * 1024] })
    }

    /// Sends a request and reads its answer: the status and the body.
    pub fn exchange(&mut self, request: &[u8]) -> std::io::Result<(u16, &[u8])> {
        let broken = || std::io::Error::other("not an answer with a length");
        self.stream.write_all(request)?;
        let (mut filled, mut head_end) = (0, None);
        loop {
            let read = self.stream.read(&mut self.buffer[filled..])?;
            if read == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            filled += read;
            if head_end.is_none() {
                head_end = self.buffer[..filled].windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
            }
            let Some(body_start) = head_end else { continue };
            let head = std::str::from_utf8(&self.buffer[..body_start]).map_err(|_| broken())?;
            let length = head
                .lines()
                .find_map(|line| line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length")))
                .map_or(Ok(0), |(_, value)| value.trim().parse::<usize>().map_err(|_| broken()))?;
            if body_start + length > self.buffer.len() {
                self.buffer.resize(body_start + length, 0);
            }
            if filled >= body_start + length {
                let status = self.buffer.get(9..12).and_then(|code| std::str::from_utf8(code).ok()?.parse().ok());
                return Ok((status.ok_or_else(broken)?, &self.buffer[body_start..body_start + length]));
            }
        }
    }
}

/// Asks for so long on so many connections; every answer must have this status.
pub fn run(
    address: SocketAddr,
    connections: usize,
    duration: Duration,
    expected: u16,
    request: &(impl Fn(&mut Random) -> Vec<u8> + Sync),
) -> Figures {
    let barrier = Barrier::new(connections);
    let started = Instant::now();
    let begun = Instant::now();
    let latencies: Vec<u32> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..connections)
            .map(|number| {
                let barrier = &barrier;
                std::thread::Builder::new()
                    .stack_size(128 * 1024)
                    .spawn_scoped(scope, move || {
                        let mut connection = Connection::open(address).expect("a connection");
                        let seed = started.elapsed().as_nanos() as u64 + number as u64;
                        let mut random = Random::new(seed);
                        let mut latencies = Vec::with_capacity(1 << 14);
                        barrier.wait();
                        let end = Instant::now() + duration;
                        loop {
                            let begin = Instant::now();
                            if begin >= end {
                                return latencies;
                            }
                            let (status, body) = connection.exchange(&request(&mut random)).expect("an answer");
                            assert_eq!(status, expected, "{}", String::from_utf8_lossy(body));
                            latencies.push(begin.elapsed().as_micros() as u32);
                        }
                    })
                    .expect("a thread")
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a writer of load")).collect()
    });
    // The last answers come when the time is over: of slow ones that is much of it.
    let per_second = latencies.len() as f64 / begun.elapsed().as_secs_f64();
    Figures::of(latencies, per_second)
}
