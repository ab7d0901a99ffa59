//! One connection: HTTP/1.1 by hyper over [`net`](crate::net)'s streams.
//!
//! The head of a request has [`HEAD_TIMEOUT`], be it the first or one that a kept connection waits for; head and headers
//! have their bounds. A connection ends in good order, so that an answer to a request that was too large arrives, too.

use std::future::poll_fn;
use std::pin::Pin;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::time::Instant;
use tower::ServiceExt as _;

use super::session::From;
use super::{CONNECTION_LIFE, HEAD_TIMEOUT, REQUEST_TIMEOUT};
use crate::domain::limits::{REQUEST_HEAD_BYTES, REQUEST_HEADERS};
use crate::net::{Arrival, Signals};

/// Serves one connection to its end.
pub(super) async fn serve(arrival: Arrival, router: Router, signals: Signals) {
    let Arrival { stream, peer, guard: _guard, .. } = arrival;
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(From(peer.address.ip()));
        Box::pin(router.clone().oneshot(request))
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(REQUEST_HEAD_BYTES)
        .max_headers(REQUEST_HEADERS)
        .serve_connection(TokioIo::new(stream), service);

    let mut ending = false;
    let mut until = Instant::now() + CONNECTION_LIFE;
    loop {
        tokio::select! {
            ended = poll_fn(|cx| connection.poll_without_shutdown(cx)) => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection to the panel broke");
                }
                break;
            }
            () = signals.stop_at_once.cancelled() => return,
            () = signals.stop.cancelled(), if !ending => {}
            () = tokio::time::sleep_until(until), if !ending => {}
            // What is asked for now has its time; a client that does not read its answer does not.
            () = tokio::time::sleep_until(until), if ending => return,
        }
        ending = true;
        until = Instant::now() + REQUEST_TIMEOUT;
        Pin::new(&mut connection).graceful_shutdown();
    }
    connection.into_parts().io.into_inner().close().await;
}
