//! What comes before a transcript: the client logs in, or somebody else does, so that it is known what the upstream offers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use delega::domain::Protocol;
use delega::session::Leg;

use super::super::cast::ADDRESS;
use super::super::transcript::{Connection, Event, Heard, Script, Setup, Start};
use super::{Ends, encrypt_client};

impl Ends {
    /// Does what comes before; whether the client has to connect again.
    pub(super) async fn begin(&mut self, script: &Script, connection: Connection) -> Result<bool, String> {
        let setup = &script.setup;
        match (setup.start, script.protocol, connection) {
            (Start::Authenticated, Protocol::Submission, _) => {
                let (user, password, _) = &setup.upstream_login;
                let auth = format!("AUTH PLAIN {}", BASE64.encode(format!("\0{user}\0{password}")));
                let (login, password) = (self.cast.login.clone(), self.cast.password.clone());
                self.log_in_to_send(setup, &login, &password, &auth).await?;
                Ok(false)
            }
            (Start::Authenticated, Protocol::Pop3, _) => {
                self.log_in_to_download(setup).await?;
                Ok(false)
            }
            (Start::Authenticated, Protocol::Imap, _) => {
                self.log_in(setup).await?;
                Ok(false)
            }
            (Start::Login, Protocol::Submission, Connection::Ok | Connection::StartTls) => {
                self.log_in_before(setup).await?;
                Ok(true)
            }
            (Start::Login, ..) => Ok(false),
        }
    }

    /// The client logs in, and the upstream lets the gateway in.
    async fn log_in(&mut self, setup: &Setup) -> Result<(), String> {
        self.line(Leg::Downstream).await?;
        let login = format!("x0 LOGIN {} {}\r\n", self.cast.login, self.cast.password);
        self.say(Leg::Downstream, login.as_bytes()).await?;
        while self.upstream.is_none() {
            self.wait("a connection upstream").await?;
        }
        self.say(Leg::Upstream, b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\r\n").await?;
        let (user, password, _) = &setup.upstream_login;
        let said = self.line(Leg::Upstream).await?;
        let expected = format!(" AUTHENTICATE PLAIN {}", BASE64.encode(format!("\0{user}\0{password}")));
        let tag = said.strip_suffix(expected.as_str()).ok_or(format!("the gateway logs in by {said:?}"))?;
        let welcome = format!("{tag} OK [CAPABILITY {}] Logged in\r\n", setup.upstream);
        self.say(Leg::Upstream, welcome.as_bytes()).await?;
        let answer = self.line(Leg::Downstream).await?;
        // That there is a connection was not asked about.
        self.out.asked.clear();
        if answer.starts_with("x0 OK ") { Ok(()) } else { Err(format!("{answer:?}")) }
    }

    /// The same by POP3.
    async fn log_in_to_download(&mut self, setup: &Setup) -> Result<(), String> {
        self.line(Leg::Downstream).await?;
        let login = format!("USER {}\r\nPASS {}\r\n", self.cast.login, self.cast.password);
        self.say(Leg::Downstream, login.as_bytes()).await?;
        self.line(Leg::Downstream).await?;
        while self.upstream.is_none() {
            self.wait("a connection upstream").await?;
        }
        self.say(Leg::Upstream, b"+OK ready\r\n").await?;
        let (user, password, _) = &setup.upstream_login;
        let plain = BASE64.encode(format!("\0{user}\0{password}"));
        let offered: String = setup.upstream.split(' ').map(|word| format!("{word}\r\n")).collect();
        for (expected, answer) in [
            ("CAPA", format!("+OK\r\n{offered}SASL PLAIN\r\n.\r\n")),
            ("AUTH PLAIN", "+ \r\n".to_owned()),
            (&plain, "+OK Logged in\r\n".to_owned()),
        ] {
            let said = self.line(Leg::Upstream).await?;
            if said != expected {
                return Err(format!("the gateway logs in by {said:?}"));
            }
            self.say(Leg::Upstream, answer.as_bytes()).await?;
        }
        let answer = self.line(Leg::Downstream).await?;
        // That there is a connection was not asked about.
        self.out.asked.clear();
        if answer.starts_with("+OK") { Ok(()) } else { Err(format!("{answer:?}")) }
    }

    /// The same by SMTP. Upstream the gateway must log in so; anyhow, where that is empty.
    async fn log_in_to_send(&mut self, setup: &Setup, login: &str, password: &str, auth: &str) -> Result<(), String> {
        self.line(Leg::Downstream).await?;
        if setup.starttls {
            self.say(Leg::Downstream, b"STARTTLS\r\n").await?;
            self.line(Leg::Downstream).await?;
            encrypt_client(&mut self.client, &self.site).await?;
        }
        self.say(Leg::Downstream, b"EHLO client.example.it\r\n").await?;
        while !self.line(Leg::Downstream).await?.starts_with("250 ") {}
        let plain = BASE64.encode(format!("\0{login}\0{password}"));
        self.say(Leg::Downstream, format!("AUTH PLAIN {plain}\r\n").as_bytes()).await?;
        while self.upstream.is_none() {
            self.wait("a connection upstream").await?;
        }
        self.say(Leg::Upstream, b"220 mail.example.it ESMTP\r\n").await?;
        // Without a way to log in nobody comes as far as this
        let words = setup.upstream.split(' ').filter(|word| !word.starts_with("AUTH=") && !word.is_empty());
        let offered: String = words.map(|word| format!("250-{}\r\n", word.replace('=', " "))).collect();
        let offered = format!("250-mail.example.it\r\n{offered}250 AUTH PLAIN LOGIN\r\n");
        loop {
            let said = self.line(Leg::Upstream).await?;
            match said.split(' ').next() {
                Some("EHLO") => self.say(Leg::Upstream, offered.as_bytes()).await?,
                Some("STARTTLS") => {
                    self.say(Leg::Upstream, b"220 go on\r\n").await?;
                    self.happen(&Event::Handshake(Leg::Upstream)).await?;
                }
                _ if said.starts_with("AUTH PLAIN ") && (auth.is_empty() || said == auth) => break,
                _ => return Err(format!("the gateway logs in by {said:?}")),
            }
        }
        self.say(Leg::Upstream, b"235 2.7.0 in\r\n").await?;
        let answer = self.line(Leg::Downstream).await?;
        // That there is a connection was not asked about.
        self.out.asked.clear();
        if answer.starts_with("235 ") { Ok(()) } else { Err(format!("{answer:?}")) }
    }

    /// Somebody sends before the transcript begins: from then on it is known what the upstream offers.
    async fn log_in_before(&mut self, setup: &Setup) -> Result<(), String> {
        self.log_in_to_send(setup, ADDRESS, &setup.upstream_login.1, "").await?;
        self.say(Leg::Downstream, b"QUIT\r\n").await?;
        while !self.client.ended {
            self.wait("the end of the connection").await?;
        }
        if let Some(upstream) = &mut self.upstream {
            upstream.shut().await;
        }
        self.client.shut().await;
        self.logged("session end", 0).await?;
        (self.upstream, self.out, self.speaker) = (None, Heard::default(), None);
        self.log.clear();
        Ok(())
    }
}
