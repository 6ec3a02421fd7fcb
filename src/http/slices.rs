//! Long work on a thread that answers, in slices: who else waits for that thread is served between them.
//! What needs nothing of the request runs beside these threads instead (`web::block`).

use std::time::{Duration, Instant};

/// How long a thread is kept at most, a piece of work apart.
const SLICE: Duration = Duration::from_millis(2);

/// The slices of one work.
#[derive(Debug)]
pub struct Slices {
    began: Instant,
}

impl Default for Slices {
    fn default() -> Self {
        Self {
            began: Instant::now(),
        }
    }
}

impl Slices {
    /// To be called between two pieces of the work: lets others have the thread where it was kept for a
    /// slice.
    pub async fn pause(&mut self) {
        if self.began.elapsed() >= SLICE {
            tokio::task::yield_now().await;
            self.began = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn others_have_the_thread_while_long_work_goes_on() {
        let work = async {
            let mut slices = Slices::default();
            for _ in 0..20 {
                slices.pause().await;
                std::thread::sleep(Duration::from_millis(1));
            }
        };
        let other = async {
            let mut turns = 0;
            while turns < 5 {
                tokio::task::yield_now().await;
                turns += 1;
            }
        };
        tokio::pin!(work);
        tokio::select! {
            biased;
            () = &mut work => panic!("nobody else had the thread"),
            () = other => {}
        }
        work.await;
    }
}
