//! The bytes of bodies that are held at once, of all requests together.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, Result};

/// What is counted: a body takes whole ones.
const UNIT: usize = 4 * 1024;

/// The memory for bodies.
pub struct Bodies {
    free: Arc<Semaphore>,
}

/// What is held of one body, given back when it is dropped.
#[derive(Debug, Default)]
pub struct Held {
    bytes: usize,
    permit: Option<OwnedSemaphorePermit>,
}

impl Bodies {
    /// So many bytes.
    pub fn new(bytes: usize) -> Self {
        let units = (bytes / UNIT).min(Semaphore::MAX_PERMITS);
        Self {
            free: Arc::new(Semaphore::new(units)),
        }
    }

    /// Holds so many bytes of a body, those that are held of it included.
    ///
    /// # Errors
    /// `service_unavailable` when the memory for bodies is taken.
    pub fn hold(&self, held: &mut Held, bytes: usize) -> Result<()> {
        let more = bytes
            .div_ceil(UNIT)
            .saturating_sub(held.bytes.div_ceil(UNIT));
        if more == 0 {
            return Ok(());
        }
        let units = u32::try_from(more).map_err(Error::internal)?;
        let permit = Arc::clone(&self.free)
            .try_acquire_many_owned(units)
            .map_err(|_| Error::unavailable("the memory for bodies is taken"))?;
        held.bytes = bytes;
        match &mut held.permit {
            Some(held) => held.merge(permit),
            None => held.permit = Some(permit),
        }
        Ok(())
    }

    /// The bytes that are free.
    pub fn free(&self) -> usize {
        self.free.available_permits() * UNIT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_held_up_to_the_bound_and_given_back() {
        let bodies = Bodies::new(10 * UNIT);
        let mut one = Held::default();
        bodies.hold(&mut one, 1).unwrap();
        bodies.hold(&mut one, UNIT).unwrap();
        bodies.hold(&mut one, 6 * UNIT + 1).unwrap();
        assert_eq!(bodies.free(), 3 * UNIT);
        let mut other = Held::default();
        assert!(bodies.hold(&mut other, 4 * UNIT).is_err());
        drop(one);
        assert_eq!(bodies.free(), 10 * UNIT);
        bodies.hold(&mut other, 10 * UNIT).unwrap();
        assert_eq!(bodies.free(), 0);
    }
}
