//! Sessions that wait, over real sockets: what spoils them, what closes them, who gets them.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::super::budget::Budget;
use super::*;
use crate::accounts::AccountRef;
use crate::domain::{DelegateId, Grant, PasswordVersion};
use crate::session::imap::{Session, Settings};
use crate::session::{Admission, Input, Machine as _, Request, Sink, Timeouts, UpstreamLogin};

const MAILBOX: MailboxId = MailboxId(1);
const CONFIG: WarmConfig = WarmConfig { sessions: 2, wait: Duration::from_secs(60) };

fn credentials(password: &str) -> Credentials {
    Credentials { authzid: None, authcid: "ufficio".to_owned(), password: password.to_owned().into(), typed: false }
}

#[derive(Default)]
struct Said(Option<Parked>);

impl Sink for Said {
    fn downstream(&mut self, _: &[u8]) {}

    fn upstream(&mut self, _: &[u8]) {}

    fn request(&mut self, request: Request) {
        if let Request::Park(parked) = request {
            self.0 = Some(parked);
        }
    }
}

/// What a session leaves behind that was logged in and out; its last answer is still to come.
fn parked() -> Parked {
    let now = Instant::now();
    let second = Duration::from_secs(1);
    let timeouts =
        Timeouts { login: second, command: second, idle: second, upstream: second, shutdown: second, refusal: second };
    let mut session = Session::new(Settings { starttls: false, message_bytes: 0, timeouts, nonce: 1 }, now);
    let mut said = Said::default();
    session.handle(Input::Downstream(b"a LOGIN x y\r\n"), now, &mut said);
    let Credentials { authzid, authcid, password, typed } = credentials("x");
    let upstream = UpstreamLogin { authzid, authcid, password, typed };
    session.handle(
        Input::Verified(Ok(Admission { grant: Grant::OWNER, addresses: Vec::new(), upstream })),
        now,
        &mut said,
    );
    session.handle(Input::UpstreamReady(Default::default()), now, &mut said);
    session.handle(Input::Downstream(b"a LOGOUT\r\n"), now, &mut said);
    said.0.unwrap()
}

struct House {
    warm: Arc<Warm>,
    budget: Arc<Budget>,
    opening: Opening,
}

impl House {
    fn new() -> House {
        let warm = Arc::new(Warm::default());
        let opening = warm.opening(MAILBOX, "main", &credentials("x"));
        House { warm, budget: Arc::default(), opening }
    }

    fn place(&self) -> Option<Place> {
        self.budget.place(MAILBOX, None, 0)
    }

    fn leave(&self, age: Age) -> Option<Way> {
        self.warm.leave(MAILBOX, self.place().unwrap(), age)
    }

    /// Parks a session after which the server says `last`; tells the server's end.
    async fn park(&self, way: Way, config: WarmConfig, last: &[u8]) -> TcpStream {
        let (stream, mut server) = connection().await;
        server.write_all(last).await.unwrap();
        way.park(config, self.opening, Pipe::default(), stream, parked()).await;
        server
    }

    async fn waiting(&self) -> TcpStream {
        let way = self.leave(self.warm.age()).unwrap();
        self.park(way, CONFIG, LAST).await
    }
}

const LAST: &[u8] = b"* 3 EXISTS\r\nD0000000000000001 OK Done\r\n";

async fn connection() -> (Stream, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (Stream::plain(client), listener.accept().await.unwrap().0)
}

#[tokio::test]
async fn x4_what_waits_serves_whoever_would_log_in_the_same_way() {
    let house = House::new();
    let mut server = house.waiting().await;
    for (mailbox, upstream, password) in [(MailboxId(2), "main", "x"), (MAILBOX, "main", "new"), (MAILBOX, "b", "x")] {
        let other = house.warm.opening(mailbox, upstream, &credentials(password));
        assert!(house.warm.take(other).is_none());
        if mailbox == MAILBOX {
            assert_eq!(server.read(&mut [0]).await.unwrap(), 0, "nobody will ever need it");
            server = house.waiting().await;
        }
    }
    assert!(house.warm.take(house.opening).is_some());
    assert!(house.warm.take(house.opening).is_none(), "it is there for one");
}

#[tokio::test]
async fn x4_the_upstream_has_spoken_or_closed_or_the_time_is_over() {
    let house = House::new();
    let mut server = house.waiting().await;
    server.write_all(b"* OK").await.unwrap();
    assert!(house.warm.take(house.opening).is_none(), "it said something");
    // Without the runtime's having heard of it.
    drop(house.waiting().await);
    assert!(house.warm.take(house.opening).is_none(), "it closed");
    let way = house.leave(house.warm.age()).unwrap();
    let _server = house.park(way, WarmConfig { wait: Duration::ZERO, ..CONFIG }, LAST).await;
    assert!(house.warm.take(house.opening).is_none(), "too late");
    let way = house.leave(house.warm.age()).unwrap();
    let _server = house.park(way, WarmConfig { wait: Duration::MAX, ..CONFIG }, LAST).await;
    assert!(house.warm.take(house.opening).is_some(), "never too late");
    assert_eq!(house.budget.total(MAILBOX), 0);
}

#[tokio::test]
async fn x4_one_that_does_not_come_clean_is_closed() {
    let house = House::new();
    for last in
        [&b"D0000000000000001 NO No\r\n"[..], b"* BYE\r\n", b"* 4 EX", b"D0000000000000001 OK Done\r\n* 3 EXISTS\r\n"]
    {
        let way = house.leave(house.warm.age()).unwrap();
        let (stream, mut server) = connection().await;
        server.write_all(last).await.unwrap();
        server.shutdown().await.unwrap();
        way.park(CONFIG, house.opening, Pipe::default(), stream, parked()).await;
        assert!(house.warm.take(house.opening).is_none(), "{last:?}");
    }
    assert_eq!(house.budget.total(MAILBOX), 0);
}

#[tokio::test]
async fn x4_no_more_wait_than_are_allowed() {
    let house = House::new();
    let _servers = [house.waiting().await, house.waiting().await, house.waiting().await];
    assert_eq!(house.budget.total(MAILBOX), CONFIG.sessions);
}

#[tokio::test]
async fn x4_people_come_before_what_waits_and_what_is_on_its_way() {
    let house = House::new();
    let _server = house.waiting().await;
    let leaving = house.leave(house.warm.age()).unwrap();
    let person = Some(AccountRef::Delegate(MAILBOX, DelegateId(1), PasswordVersion(0)));
    assert!(house.budget.place(MAILBOX, person, 2).is_none());
    assert!(house.warm.give_way(MAILBOX) && house.warm.give_way(MAILBOX) && !house.warm.give_way(MAILBOX));
    assert!(house.budget.place(MAILBOX, person, 1).is_some());
    assert_eq!(leaving.unless_given_up(std::future::pending::<()>()).await, None);
    // Even if it arrives at the same moment.
    let _server = house.park(leaving, CONFIG, LAST).await;
    assert!(house.warm.take(house.opening).is_none());
    assert_eq!(house.budget.total(MAILBOX), 0);
}

#[tokio::test]
async fn x4_a_change_closes_what_waits_what_is_on_its_way_and_what_is_in_use() {
    let house = House::new();
    let in_use = house.warm.age();
    let _server = house.waiting().await;
    let leaving = house.leave(in_use).unwrap();
    let filling = house.warm.fill(MailboxId(2), || house.budget.place(MailboxId(2), None, 0)).unwrap();
    house.warm.close_all();
    assert!(house.warm.take(house.opening).is_none());
    let _servers = [house.park(leaving, CONFIG, LAST).await, house.park(filling, CONFIG, LAST).await];
    assert!(house.warm.take(house.opening).is_none());
    assert!(house.leave(in_use).is_none());
    assert_eq!(house.budget.total(MAILBOX) + house.budget.total(MailboxId(2)), 0);
}

#[tokio::test]
async fn x4_one_at_a_time_is_opened_ahead_of_demand() {
    let house = House::new();
    let fill = || house.warm.fill(MAILBOX, || house.place());
    let way = fill().unwrap();
    assert!(fill().is_none());
    drop(way);
    assert_eq!(house.budget.total(MAILBOX), 0);
    let _server = house.park(fill().unwrap(), CONFIG, LAST).await;
    assert!(fill().is_none(), "one waits");
    assert!(house.warm.take(house.opening).is_some() && fill().is_some());
}
