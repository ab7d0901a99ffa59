//! The threads that carry connections. Each has a runtime of its own, and a connection stays with the thread that it was
//! dealt to, both legs of it: a command wakes no other thread, and nobody looks for work to steal.
//!
//! What connections share (locks, channels, stop signals) belongs to no runtime. A socket belongs to the one where it was
//! made; it may be used elsewhere, at the cost of a wake from thread to thread each time.

use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How many tasks have their turn before the sockets are asked for what is new.
const TURNS_BETWEEN_EVENTS: u32 = 16;
/// How many threads may wait for the disk or hash passwords, for all workers together; a few for each in any case.
const BLOCKING_THREADS: usize = 512;
const BLOCKING_THREADS_EACH: usize = 8;

/// A thread for each core. They end when this is dropped.
#[derive(Debug)]
pub struct Workers {
    workers: Vec<Worker>,
    stop: CancellationToken,
    threads: TaskTracker,
}

#[derive(Debug)]
struct Worker {
    runtime: Handle,
    /// Has one owner for each connection that the thread carries, and one here.
    carried: Arc<()>,
}

/// With which thread a connection is, from its beginning to its end: its task holds this.
#[derive(Debug)]
pub struct Seat {
    /// Where the connection's task is to be spawned.
    pub runtime: Handle,
    _carried: Arc<()>,
}

impl Workers {
    /// Starts as many threads as this process has cores.
    pub fn start() -> io::Result<Workers> {
        Workers::with(thread::available_parallelism().map_or(1, NonZero::get))
    }

    fn with(threads: usize) -> io::Result<Workers> {
        let stop = CancellationToken::new();
        let mut workers = Workers { workers: Vec::with_capacity(threads), stop, threads: TaskTracker::new() };
        for _ in 0..threads {
            let worker = workers.start_one((BLOCKING_THREADS / threads).max(BLOCKING_THREADS_EACH))?;
            workers.workers.push(worker);
        }
        Ok(workers)
    }

    fn start_one(&self, blocking_threads: usize) -> io::Result<Worker> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .event_interval(TURNS_BETWEEN_EVENTS)
            .max_blocking_threads(blocking_threads)
            .build()?;
        let worker = Worker { runtime: runtime.handle().clone(), carried: Arc::default() };
        let (stop, running) = (self.stop.clone(), self.threads.token());
        // What connections log goes where the rest does.
        let log = tracing::dispatcher::get_default(Clone::clone);
        thread::Builder::new().name("connections".to_owned()).spawn(move || {
            tracing::dispatcher::with_default(&log, || {
                runtime.block_on(stop.cancelled());
                // Waits for what it does on blocking threads: records may be among that.
                drop(runtime);
            });
            drop(running);
        })?;
        Ok(worker)
    }

    /// A seat with the thread that carries the fewest; none where there is no thread.
    pub fn seat(&self) -> Option<Seat> {
        let worker = self.workers.iter().min_by_key(|worker| Arc::strong_count(&worker.carried))?;
        Some(Seat { runtime: worker.runtime.clone(), _carried: worker.carried.clone() })
    }

    /// Ends the threads with all that they carry, and waits for them.
    pub async fn end(&self) {
        self.stop.cancel();
        self.threads.close();
        self.threads.wait().await;
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;
    use std::thread::ThreadId;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::oneshot;

    use super::*;
    use crate::net::Stream;

    /// A connection that lasts until it is told to end.
    struct Carried {
        thread: ThreadId,
        end: oneshot::Sender<()>,
        task: TaskTracker,
    }

    async fn deal(workers: &Workers) -> Carried {
        let task = TaskTracker::new();
        let (tell, told) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let seat = workers.seat().unwrap();
        let runtime = seat.runtime.clone();
        let connection = async move {
            let _seat = seat;
            tell.send(thread::current().id()).unwrap();
            ended.await.unwrap();
        };
        task.spawn_on(connection, &runtime);
        task.close();
        Carried { thread: told.await.unwrap(), end, task }
    }

    #[tokio::test]
    async fn the_thread_that_carries_the_fewest_gets_the_next() {
        let workers = Workers::with(2).unwrap();
        let mut carried = Vec::new();
        for _ in 0..4 {
            carried.push(deal(&workers).await);
        }
        let first = carried[0].thread;
        let (ending, going_on): (Vec<_>, Vec<_>) = carried.into_iter().partition(|one| one.thread == first);
        assert_eq!((ending.len(), going_on.len()), (2, 2));
        for Carried { end, task, .. } in ending {
            end.send(()).unwrap();
            task.wait().await;
        }
        let next = [deal(&workers).await, deal(&workers).await];
        assert!(next.iter().all(|one| one.thread == first));
        assert!(going_on.iter().all(|one| !one.task.is_empty()));
    }

    #[tokio::test]
    async fn the_end_waits_for_what_is_written_down() {
        let workers = Workers::with(1).unwrap();
        let (begun, begins) = oneshot::channel();
        let (go_on, goes_on) = mpsc::channel::<()>();
        let written = Arc::new(AtomicBool::new(false));
        let record = written.clone();
        workers.seat().unwrap().runtime.spawn(async move {
            let writing = tokio::task::spawn_blocking(move || {
                begun.send(()).unwrap();
                goes_on.recv().unwrap();
                record.store(true, Ordering::SeqCst);
            });
            writing.await.unwrap();
        });
        begins.await.unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(50), workers.end()).await.is_err());
        go_on.send(()).unwrap();
        workers.end().await;
        assert!(written.load(Ordering::SeqCst));
    }

    #[test]
    fn a_connection_that_is_moved_does_not_need_the_thread_that_made_it() {
        let runtime = || Builder::new_current_thread().enable_all().build().unwrap();
        let (here, elsewhere) = (runtime(), runtime());
        let listener = here.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let made = elsewhere.block_on(TcpStream::connect(address)).unwrap();
        drop(elsewhere);
        here.block_on(async {
            let (mut peer, _) = listener.accept().await.unwrap();
            let mut moved = Stream::plain(made).moved_here().unwrap();
            peer.write_all(b"* OK").await.unwrap();
            let mut greeting = [0; 4];
            moved.read_exact(&mut greeting).await.unwrap();
            assert_eq!(&greeting, b"* OK");
        });
    }
}
