//! Marionette, by which Mozilla's programs are driven from outside: JSON messages on a TCP connection, each after its
//! length in bytes and a colon. A command is `[0, id, name, parameters]`, its answer `[1, id, error, result]`.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

/// A session in the program's own (`chrome`) context.
#[derive(Debug)]
pub struct Marionette {
    stream: TcpStream,
    last: u64,
}

/// What went wrong with a command, as the program tells it.
#[derive(Debug)]
pub struct Failure {
    /// One of WebDriver's errors, such as `unexpected alert open`.
    pub error: String,
    /// More about it.
    pub message: String,
}

impl Marionette {
    /// Begins a session. Dialogs that nobody expects are closed by `prompts`, `accept` or `dismiss`, when the next
    /// command comes, which then fails.
    pub fn connect(port: u16, prompts: &str) -> Marionette {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut marionette = Marionette { stream, last: 0 };
        let greeting = marionette.read();
        assert_eq!(greeting["marionetteProtocol"], 3, "{greeting}");
        marionette.call("WebDriver:NewSession", &json!({ "unhandledPromptBehavior": prompts })).unwrap();
        marionette.call("Marionette:SetContext", &json!({ "value": "chrome" })).unwrap();
        marionette
    }

    /// Runs a script with every privilege; its value is what it returns.
    pub fn script(&mut self, script: &str, arguments: &[Value]) -> Result<Value, Failure> {
        let parameters =
            json!({ "script": script, "args": arguments, "sandbox": "system", "newSandbox": false, "timeout": 30000 });
        Ok(self.call("WebDriver:ExecuteScript", &parameters)?["value"].take())
    }

    /// Gives a command and waits for its answer.
    pub fn call(&mut self, name: &str, parameters: &Value) -> Result<Value, Failure> {
        self.last += 1;
        let command = json!([0, self.last, name, parameters]).to_string();
        self.stream.write_all(format!("{}:{command}", command.len()).as_bytes()).unwrap();
        let mut answer = self.read();
        assert_eq!(answer[1], self.last, "{name}: {answer}");
        if answer[2].is_null() {
            return Ok(answer[3].take());
        }
        let text = |key: &str| answer[2][key].as_str().unwrap_or_default().to_owned();
        Err(Failure { error: text("error"), message: text("message") + "\n" + &text("stacktrace") })
    }

    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut byte = [0];
            self.stream.read_exact(&mut byte).unwrap();
            match byte[0] {
                b':' => break,
                digit => length = length * 10 + usize::from(digit - b'0'),
            }
        }
        let mut message = vec![0; length];
        self.stream.read_exact(&mut message).unwrap();
        serde_json::from_slice(&message).unwrap()
    }
}
