//! What products hear: every event of the site, and the requests of clients that are for them.

use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::mpsc;
use wire::Event;

/// Events that a tap may fall behind before it misses some (logged).
const TAP_QUEUE: usize = 1024;

/// Something a client did that a product wants to know.
#[derive(Clone, Debug)]
pub struct ClientAction {
    pub user_id: String,
    pub session_id: String,
    pub connection_id: String,
    pub action: Action,
}

/// The kinds of [`ClientAction`].
#[derive(Clone, Debug)]
pub enum Action {
    /// A `custom_…` request; `data` may hold bytes (`rmpv::Value::Binary`) when the frame was MessagePack.
    Request { name: String, data: rmpv::Value },
    /// The socket is gone; it may still come back under the same connection id.
    Closed,
}

/// The queues of the products.
#[derive(Default)]
pub(super) struct Taps {
    events: RwLock<Vec<mpsc::Sender<Arc<Event>>>>,
    actions: RwLock<Vec<(String, mpsc::Sender<ClientAction>)>>,
}

impl Taps {
    pub fn tell(&self, event: &Arc<Event>) {
        for tap in self.events.read().unwrap_or_else(PoisonError::into_inner).iter() {
            if let Err(mpsc::error::TrySendError::Full(_)) = tap.try_send(event.clone()) {
                tracing::warn!(event = %event.event, "a product does not keep up with events; one was dropped for it");
            }
        }
    }

    pub fn open(&self) -> mpsc::Receiver<Arc<Event>> {
        let (send, receive) = mpsc::channel(TAP_QUEUE);
        self.events.write().unwrap_or_else(PoisonError::into_inner).push(send);
        receive
    }

    pub fn open_actions(&self, prefix: &str) -> mpsc::Receiver<ClientAction> {
        let (send, receive) = mpsc::channel(TAP_QUEUE);
        self.actions.write().unwrap_or_else(PoisonError::into_inner).push((prefix.to_owned(), send));
        receive
    }

    pub async fn dispatch(&self, action: ClientAction) {
        let targets: Vec<mpsc::Sender<ClientAction>> = {
            let actions = self.actions.read().unwrap_or_else(PoisonError::into_inner);
            let wanted = |prefix: &str| match &action.action {
                Action::Request { name, .. } => name.starts_with(prefix),
                Action::Closed => true,
            };
            actions.iter().filter(|(prefix, _)| wanted(prefix)).map(|(_, send)| send.clone()).collect()
        };
        for target in targets {
            // A full queue makes this one client wait; a product that is gone has nothing to hear.
            drop(target.send(action.clone()).await);
        }
    }
}
