//! A network that fails when it is told to: a TCP proxy before one server.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const BLACK_HOLE: u64 = u64::MAX;
const RESET: u64 = u64::MAX - 1;

/// Passes bytes on, as long as it does; its threads end with the test's process.
pub struct Proxy {
    pub port: u16,
    /// How many milliseconds a piece is kept, or one of the words above.
    delay: Arc<AtomicU64>,
}

impl Proxy {
    pub fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let delay = Arc::new(AtomicU64::new(0));
        let of_all = Arc::clone(&delay);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let delay = Arc::clone(&of_all);
                std::thread::spawn(move || {
                    wait(&delay);
                    if let Ok(far) = TcpStream::connect(("127.0.0.1", server)) {
                        both_ways(&near, &far, &delay);
                    }
                });
            }
        });
        Self { port, delay }
    }

    /// Keeps each piece for so long.
    pub fn slow_down(&self, by: Duration) {
        self.delay
            .store(by.as_millis().try_into().unwrap(), Ordering::Relaxed);
    }

    /// Takes everything and passes nothing on.
    pub fn swallow(&self) {
        self.delay.store(BLACK_HOLE, Ordering::Relaxed);
    }

    /// Ends every connection at its next piece.
    pub fn cut(&self) {
        self.delay.store(RESET, Ordering::Relaxed);
    }

    pub fn mend(&self) {
        self.delay.store(0, Ordering::Relaxed);
    }
}

fn both_ways(near: &TcpStream, far: &TcpStream, delay: &Arc<AtomicU64>) {
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let (from, to) = (far.try_clone().unwrap(), near.try_clone().unwrap());
    let back = Arc::clone(delay);
    std::thread::spawn(move || pump(from, to, &back));
    pump(near.try_clone().unwrap(), far.try_clone().unwrap(), delay);
}

fn pump(mut from: TcpStream, mut to: TcpStream, delay: &AtomicU64) {
    let mut piece = [0; 65536];
    while let Ok(length) = from.read(&mut piece) {
        let is_cut = !wait(delay);
        if length == 0 || is_cut || to.write_all(piece.get(..length).unwrap()).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

/// Waits as the network does; false where it is cut.
fn wait(delay: &AtomicU64) -> bool {
    loop {
        match delay.load(Ordering::Relaxed) {
            BLACK_HOLE => std::thread::sleep(Duration::from_millis(20)),
            RESET => return false,
            milliseconds => {
                std::thread::sleep(Duration::from_millis(milliseconds));
                return true;
            }
        }
    }
}
