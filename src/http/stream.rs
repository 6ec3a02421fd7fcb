//! The connection under the HTTP parser. What the parser itself refuses (letters with accents in an
//! address, a header that is none) reaches no handler, and it answers a bare 400: here that answer
//! becomes a problem document like any other. A reader that takes nothing is given up, and so is one
//! connection too many of an address.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::limits::connections::Place;
use crate::app::Shared;
use crate::error::problem::Problem;
use crate::error::{Advice, Code, Error, Subject};
use crate::language::Language;

/// How the parser's own answer begins. Every answer of the service has a body or further headers here.
const BARE: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\ndate: ";

/// A connection whose parser explains itself.
pub struct Explained<S> {
    stream: S,
    shared: Arc<Shared>,
    /// What is to be written for an answer of the parser's, and how long that answer was.
    instead: Option<(Bytes, usize)>,
    /// When a reader that takes nothing is given up.
    stalled: Option<Pin<Box<Sleep>>>,
    /// Its place among the connections of its address; none: there are too many, and it ends at once.
    place: Option<Place>,
}

/// How long a reader may take nothing of an answer that is ready.
const STALL: Duration = Duration::from_secs(30);

impl<S> Explained<S> {
    /// Over this connection, which comes from this address.
    pub fn new(stream: S, peer: Option<SocketAddr>, shared: Arc<Shared>) -> Self {
        let address = peer.map(|peer| peer.ip().to_canonical());
        Self {
            stream,
            instead: None,
            stalled: None,
            place: shared.limits.connections.enter(address),
            shared,
        }
    }

    /// Ends the connection of a reader that has taken nothing for too long.
    fn watch<T>(
        &mut self,
        context: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.stalled = None;
            return outcome;
        }
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(STALL)));
        match stalled.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }

    /// The problem document that says what the parser did not.
    fn problem(&self) -> Bytes {
        let error = Error::new(Code::MalformedRequest).about(Subject::words(
            "la requête ne suit pas HTTP/1.1 : encodez par `%`, en UTF-8, les lettres accentuées et les blancs de l'adresse (`m%C3%A9tallurgie`)",
            "the request does not follow HTTP/1.1: percent-encode, in UTF-8, the letters with accents and the blanks of the address (`m%C3%A9tallurgie`)",
        ));
        let id = self.shared.clock.new_id().to_string();
        // Nothing of the request was read, its language neither.
        let problem = Problem::of(&error, Language::French, "", &id, |_| Advice::default());
        let body = serde_json::to_string(&problem).unwrap_or_default();
        let head = format!(
            "HTTP/1.1 400 Bad Request\r\ncontent-length: {}\r\nconnection: close\r\n\
             content-type: application/problem+json\r\ncontent-language: fr\r\n\
             x-content-type-options: nosniff\r\nx-request-id: {id}\r\ndate: {}\r\n\r\n",
            body.len(),
            self.shared.clock.now().format("%a, %d %b %Y %H:%M:%S GMT"),
        );
        Bytes::from(head + &body)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Explained<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.place.is_none() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> Explained<S> {
    /// Writes, the parser's own answer in other words.
    fn write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.instead.is_none() && bytes.starts_with(BARE) {
            self.instead = Some((self.problem(), bytes.len()));
        }
        while let Some((rest, length)) = &mut self.instead {
            if rest.is_empty() {
                let length = *length;
                self.instead = None;
                return Poll::Ready(Ok(length));
            }
            match Pin::new(&mut self.stream).poll_write(context, rest) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => rest.advance(written),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Explained<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = self.write(context, bytes);
        self.watch(context, outcome)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
