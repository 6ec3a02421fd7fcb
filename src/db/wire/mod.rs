//! The bytes between the service and PostgreSQL, looked at as they pass.
//!
//! Two things are only to be had here, whatever library speaks the protocol above. How long an answer has
//! been waited for: a frozen server, or one whose packets vanish, ends no connection, and no bound that it
//! enforces itself does either. And the SQLSTATE of an error, which Diesel keeps to itself: it is put in
//! front of the hint, which Diesel passes on.
//!
//! A message is a tag of one byte, its length in four (themselves included), and its body; the first ones
//! that are sent, before the session begins, have no tag.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsStream};

use crate::error::SQLSTATE;

#[cfg(test)]
mod tests;

/// Whether answers are waited for on a connection, and since when nothing has come.
#[derive(Debug)]
pub struct Pulse {
    began: Instant,
    /// Requests that have not been answered to their end.
    open: AtomicI64,
    /// Bytes were asked for, and none are there.
    is_reading: AtomicBool,
    /// Bytes are to be sent, and are not taken.
    is_blocked: AtomicBool,
    /// When something last moved, in milliseconds since it began.
    moved: AtomicU64,
}

impl Pulse {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            open: AtomicI64::new(0),
            is_reading: AtomicBool::new(false),
            is_blocked: AtomicBool::new(false),
            moved: AtomicU64::new(0),
        }
    }

    /// How much of this patience is left; nothing where the server has been waited for longer.
    pub fn left_of(&self, patience: Duration) -> Option<Duration> {
        let is_awaited = self.open.load(Ordering::Relaxed) > 0;
        let is_waiting = is_awaited && self.is_reading.load(Ordering::Relaxed)
            || self.is_blocked.load(Ordering::Relaxed);
        if !is_waiting {
            return Some(patience);
        }
        let moved = Duration::from_millis(self.moved.load(Ordering::Relaxed));
        let waited = self.began.elapsed().saturating_sub(moved);
        patience.checked_sub(waited).filter(|left| !left.is_zero())
    }

    fn move_on(&self) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved.store(now, Ordering::Relaxed);
    }

    /// A request was sent. One that waits behind others does not make these wait anew.
    fn ask(&self) {
        if self.open.fetch_add(1, Ordering::Relaxed) <= 0 {
            self.move_on();
        }
    }

    fn sent(&self, tag: Option<u8>) {
        // A session is asked for, a simple query, or the end of an extended one.
        if matches!(tag, None | Some(b'Q' | b'S')) {
            self.ask();
        }
    }

    fn received(&self, tag: u8) {
        // Ready for the next; or about to take a copy, and then the `Sync` that was sent is not answered.
        if matches!(tag, b'Z' | b'G') {
            self.open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Follows the messages of one direction through pieces of any size.
#[derive(Debug, Default)]
struct Frames {
    /// Whether messages have a tag yet.
    are_tagged: bool,
    tag: Option<u8>,
    length: u32,
    /// The bytes of the length that were met.
    met: u8,
    /// The bytes of the body that are to come.
    left: usize,
}

/// The head of a message.
struct Head {
    tag: Option<u8>,
    body: usize,
}

impl Frames {
    /// Whether the next byte begins a message.
    const fn are_between(&self) -> bool {
        self.left == 0 && self.tag.is_none() && self.met == 0
    }

    /// Follows bytes to the end of a body, or of the next head, or to their own: how many, and that head.
    fn follow(&mut self, bytes: &[u8]) -> (usize, Option<Head>) {
        let skipped = self.left.min(bytes.len());
        self.left = self.left.saturating_sub(skipped);
        if skipped > 0 {
            return (skipped, None);
        }
        let mut taken: usize = 0;
        for &byte in bytes {
            taken = taken.saturating_add(1);
            if self.are_tagged && self.tag.is_none() {
                self.tag = Some(byte);
                continue;
            }
            self.length = (self.length << 8) | u32::from(byte);
            self.met = self.met.saturating_add(1);
            if self.met == 4 {
                let body = usize::try_from(self.length).unwrap_or(usize::MAX);
                self.left = body.saturating_sub(4);
                let tag = self.tag.take();
                (self.length, self.met) = (0, 0);
                let body = self.left;
                return (taken, Some(Head { tag, body }));
            }
        }
        (taken, None)
    }
}

/// A stream to PostgreSQL, looked at.
#[derive(Debug)]
pub struct Wire<S> {
    stream: S,
    pulse: Arc<Pulse>,
    sent: Frames,
    received: Frames,
    /// One byte without a message is to come: whether the server would be encrypted with.
    is_asked_for_tls: bool,
    /// An error that has not come to its end.
    held: BytesMut,
    /// What is to be read next.
    ready: BytesMut,
}

impl<S> Wire<S> {
    /// Looks at this stream, on which nothing was sent yet.
    pub fn new(stream: S) -> Self {
        Self::with(stream, Arc::new(Pulse::new()))
    }

    /// Another stream instead, for the same connection: the one that encrypts it.
    pub fn with(stream: S, pulse: Arc<Pulse>) -> Self {
        Self {
            stream,
            pulse,
            sent: Frames::default(),
            received: Frames {
                are_tagged: true,
                ..Frames::default()
            },
            is_asked_for_tls: false,
            held: BytesMut::new(),
            ready: BytesMut::new(),
        }
    }

    /// What tells how long it is waited for.
    pub const fn pulse(&self) -> &Arc<Pulse> {
        &self.pulse
    }

    /// The stream itself.
    pub fn into_stream(self) -> S {
        self.stream
    }

    fn look_at_sent(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (taken, head) = self.sent.follow(bytes);
            bytes = bytes.get(taken..).unwrap_or_default();
            match head {
                // A session's parameters are longer.
                Some(Head { tag: None, body: 4 }) => self.is_asked_for_tls = true,
                Some(head) => {
                    self.sent.are_tagged = true;
                    self.pulse.sent(head.tag);
                }
                None => {}
            }
        }
    }

    /// How many of these bytes may pass as they are: those before an error.
    fn passing(&mut self, bytes: &[u8]) -> usize {
        let mut passed = 0;
        if self.is_asked_for_tls && !bytes.is_empty() {
            self.is_asked_for_tls = false;
            passed = 1;
        }
        loop {
            let rest = bytes.get(passed..).unwrap_or_default();
            let is_error = rest.first() == Some(&b'E') && self.received.are_between();
            if rest.is_empty() || is_error {
                return passed;
            }
            let (taken, head) = self.received.follow(rest);
            passed = passed.saturating_add(taken);
            if let Some(tag) = head.and_then(|head| head.tag) {
                self.pulse.received(tag);
            }
        }
    }

    /// Passes on what is held, as far as it is whole.
    fn release(&mut self) {
        loop {
            let mut held = std::mem::take(&mut self.held);
            let passing = self.passing(&held);
            self.ready.unsplit(held.split_to(passing));
            self.held = held;
            let Some(length) = self.held.get(1..5).and_then(|bytes| bytes.try_into().ok()) else {
                return;
            };
            let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
            let whole = length.saturating_add(1);
            if self.held.len() < whole {
                return;
            }
            let error = self.held.split_to(whole);
            self.ready.extend_from_slice(&telling(&error));
        }
    }
}

/// An error whose hint begins with its SQLSTATE. Of a field that is there twice the last one counts.
fn telling(error: &[u8]) -> Vec<u8> {
    let fields = error.get(5..).unwrap_or_default();
    let (mut code, mut hint) = (None, None);
    for field in fields.split(|byte| *byte == 0) {
        match field.split_first() {
            Some((b'C', value)) => code = Some(value),
            Some((b'H', value)) => hint = Some(value),
            _ => {}
        }
    }
    let (Some(code), Some((0, others))) = (code, fields.split_last().map(|(end, all)| (*end, all)))
    else {
        return error.to_vec();
    };
    let mut body = others.to_vec();
    body.push(b'H');
    body.extend_from_slice(SQLSTATE.as_bytes());
    body.extend_from_slice(code);
    if let Some(hint) = hint {
        body.push(b' ');
        body.extend_from_slice(hint);
    }
    body.extend_from_slice(&[0, 0]);
    let length = u32::try_from(body.len().saturating_add(4)).unwrap_or(u32::MAX);
    let mut told = vec![b'E'];
    told.extend_from_slice(&length.to_be_bytes());
    told.extend_from_slice(&body);
    told
}

impl<S: AsyncRead + Unpin> Wire<S> {
    /// Reads from the stream, and notes whether anything came.
    fn poll_stream(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if polled.is_pending() {
            // The wait begins here: whoever reads may have taken its time before.
            if !self.pulse.is_reading.swap(true, Ordering::Relaxed) {
                self.pulse.move_on();
            }
        } else {
            self.pulse.is_reading.store(false, Ordering::Relaxed);
            self.pulse.move_on();
        }
        polled
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if !this.ready.is_empty() {
                let length = this.ready.len().min(buffer.remaining());
                buffer.put_slice(this.ready.get(..length).unwrap_or_default());
                this.ready.advance(length);
                return Poll::Ready(Ok(()));
            }
            if this.held.is_empty() {
                let before = buffer.filled().len();
                ready!(this.poll_stream(context, buffer))?;
                let new = buffer.filled().get(before..).unwrap_or_default();
                let passing = this.passing(new);
                if passing == new.len() {
                    return Poll::Ready(Ok(()));
                }
                this.held
                    .extend_from_slice(new.get(passing..).unwrap_or_default());
                buffer.set_filled(before.saturating_add(passing));
                this.release();
                // No bytes at all would mean that the stream has ended.
                if passing > 0 {
                    return Poll::Ready(Ok(()));
                }
            } else {
                let mut space = [0; 1024];
                let mut more = ReadBuf::new(&mut space);
                ready!(this.poll_stream(context, &mut more))?;
                if more.filled().is_empty() {
                    return Poll::Ready(Ok(()));
                }
                this.held.extend_from_slice(more.filled());
                this.release();
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.stream).poll_write(context, bytes);
        let was_blocked = this
            .pulse
            .is_blocked
            .swap(polled.is_pending(), Ordering::Relaxed);
        if was_blocked != polled.is_pending() {
            this.pulse.move_on();
        }
        let taken = ready!(polled)?;
        this.look_at_sent(bytes.get(..taken).unwrap_or_default());
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: TlsStream + Unpin> TlsStream for Wire<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.stream.channel_binding()
    }
}
