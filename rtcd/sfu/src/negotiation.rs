//! Who may change the session description of one participant at this time.

use crate::Offer;
use std::time::{Duration, Instant};
use str0m::change::SdpPendingOffer;

/// A lock whose holder never gives it back ends after this time.
const LOCK: Duration = Duration::from_secs(10);
/// After the holder's offer has been answered, only the word that it is done is missing.
const LOCK_AFTER_ANSWER: Duration = Duration::from_secs(3);

/// Our offer that waits for its answer. A lost one is sent again as it was: the participant may have applied it, and
/// its m-lines must stay where they are.
pub(crate) struct Waiting {
    pub pending: SdpPendingOffer,
    pub offer: Offer,
    pub sent: Instant,
    pub until: Instant,
    pub attempts: u32,
}

/// The state of offers and answers with one participant. The node never gives way: while its own offer is out, the
/// participant's is ignored, and the participant rolls back.
pub(crate) struct Negotiation {
    /// The participant's first offer must have come by then; none once it has.
    pub first_offer_until: Option<Instant>,
    pub waiting: Option<Waiting>,
    locked_until: Option<Instant>,
}

impl Negotiation {
    pub fn new(first_offer_until: Instant) -> Self {
        Self { first_offer_until: Some(first_offer_until), waiting: None, locked_until: None }
    }

    /// The participant asks for the lock.
    pub fn lock(&mut self, now: Instant) -> bool {
        let free = self.waiting.is_none() && !self.is_locked(now);
        if free {
            self.locked_until = Some(now + LOCK);
        }
        free
    }

    /// Gives the lock back; harmless without one.
    pub fn unlock(&mut self) {
        self.locked_until = None;
    }

    /// The participant's offer has been answered.
    pub fn answered(&mut self, now: Instant) {
        self.locked_until = self.locked_until.map(|until| until.min(now + LOCK_AFTER_ANSWER));
    }

    pub fn is_locked(&self, now: Instant) -> bool {
        self.locked_until.is_some_and(|until| now < until)
    }

    /// Whether the node may make an offer.
    pub fn is_free(&self, now: Instant) -> bool {
        self.first_offer_until.is_none() && self.waiting.is_none() && !self.is_locked(now)
    }

    /// The next time at which something here runs out.
    pub fn deadline(&self) -> Option<Instant> {
        [self.first_offer_until, self.waiting.as_ref().map(|w| w.until), self.locked_until].into_iter().flatten().min()
    }

    /// Drops a lock that has run out; true when there was one.
    pub fn expire_lock(&mut self, now: Instant) -> bool {
        let expired = self.locked_until.is_some_and(|until| until <= now);
        if expired {
            self.locked_until = None;
        }
        expired
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_unlock_does_not_lock_for_ever() {
        let now = Instant::now();
        let mut negotiation = Negotiation::new(now);
        assert!(negotiation.lock(now) && !negotiation.lock(now));
        negotiation.answered(now);
        assert!(!negotiation.lock(now + Duration::from_secs(2)));
        assert!(negotiation.lock(now + LOCK_AFTER_ANSWER));
        negotiation.unlock();
        negotiation.unlock();
        assert!(negotiation.lock(now));
    }
}
