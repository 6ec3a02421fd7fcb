//! How full the pools of all workers are, for the metrics.

use std::sync::{Mutex, PoisonError};

use deadpool::Status;
use deadpool::managed::{Pool, WeakPool};

use super::Sessions;

/// The pools that there are: each worker has its own, and they end with it.
#[derive(Default)]
pub struct Pools(Mutex<Vec<Named>>);

struct Named {
    name: &'static str,
    pool: WeakPool<Sessions>,
}

/// What pools of one name come to.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    most: usize,
    in_use: usize,
    idle: usize,
    waiting: usize,
}

impl Sum {
    fn add(&mut self, status: &Status) {
        self.most += status.max_size;
        self.in_use += status.size.saturating_sub(status.available);
        self.idle += status.available.min(status.size);
        self.waiting += status.waiting;
    }
}

impl Pools {
    /// Watches a pool as long as it is there.
    pub(super) fn watch(&self, name: &'static str, pool: &Pool<Sessions>) {
        let pool = pool.weak();
        self.lock().push(Named { name, pool });
    }

    /// Tells how full they are now.
    pub fn measure(&self) {
        for name in [super::WRITES, super::QUERIES, super::STANDBYS] {
            let sum = self.sum(name);
            if sum.most == 0 {
                continue;
            }
            metrics::gauge!("ree_pool_max_connections", "pool" => name).set(number(sum.most));
            metrics::gauge!("ree_pool_waiting", "pool" => name).set(number(sum.waiting));
            for (state, count) in [("in_use", sum.in_use), ("idle", sum.idle)] {
                let of = [("pool", name), ("state", state)];
                metrics::gauge!("ree_pool_connections", &of).set(number(count));
            }
        }
    }

    fn sum(&self, name: &str) -> Sum {
        let mut sum = Sum::default();
        self.lock().retain(|one| match one.pool.upgrade() {
            Some(pool) => {
                if one.name == name {
                    sum.add(&pool.status());
                }
                true
            }
            None => false,
        });
        sum
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Named>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A gauge's value.
fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}
