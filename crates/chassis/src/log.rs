//! `env_logger` set-up and the request line.
//!
//! Lines go to stdout, as text or as JSON, each record on one line of printable ASCII that is no
//! longer than [`LONGEST_LINE`], whatever it holds: no client can forge a line, speak to a terminal
//! or push out other lines. The query of a URI, bodies and header values are not logged.

use std::cell::Cell;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, IsTerminal as _, Write as _};
use std::net::IpAddr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use ::log::kv::{self, VisitSource, VisitValue};
use ::log::{Level, Log, Metadata, Record};
use actix_web::http::{Method, StatusCode};
use env_logger::{Builder, Logger, Target};
use serde::Serialize;
use uuid::Uuid;

use crate::forwarded::address_text;
use crate::health;
use crate::metrics::Counted;
use crate::program::Program;
use crate::trace::TraceParent;

mod levels;
mod sink;

pub use levels::{LogFormat, LogLevels};
pub(crate) use sink::{Sink, lines_lost};

/// Sends all logging to stdout, and panics to the log. What the sink has when the process ends is
/// only written if it is told to.
///
/// # Errors
/// See [`Sink::start`].
pub(crate) fn init(program: Program, format: LogFormat, levels: &LogLevels) -> io::Result<Sink> {
    let sink = Sink::start(io::stdout())?;
    let mut builder = Builder::new();
    builder.target(Target::Pipe(Box::new(sink.clone())));
    for (target, level) in levels.iter() {
        builder.filter(target, level);
    }
    match format {
        LogFormat::Json => builder.format(|to, record| to.write_all(&json(&now(), record))),
        LogFormat::Text => {
            let colours = io::stdout().is_terminal() && !no_color();
            builder.format(move |to, record| to.write_all(&text(&now(), record, program, colours)))
        }
    };
    let logger = builder.build();
    ::log::set_max_level(logger.filter());
    // Only a second call could fail, and then the first one holds.
    let _ = ::log::set_boxed_logger(Box::new(Fair(logger)));

    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("no message");
        let location = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        ::log::error!(message, location; "panic");
    }));
    Ok(sink)
}

/// Logs what a client did at the level of what clients do. actix-http calls it an error when bytes
/// are no HTTP, and when a client leaves: an alarm that any stranger can ring.
struct Fair(Logger);

impl Fair {
    fn is_a_clients_doing(record: &Record) -> bool {
        record.level() == Level::Error
            && record.target() == "actix_http::h1::dispatcher"
            && ["stream error: ", "Internal server error: unexpected "]
                .iter()
                // What goes wrong in the service itself has other words.
                .any(|start| record.args().to_string().starts_with(start))
    }
}

impl Log for Fair {
    fn enabled(&self, metadata: &Metadata) -> bool {
        self.0.enabled(metadata)
    }

    fn log(&self, record: &Record) {
        if Self::is_a_clients_doing(record) {
            let mut fair = record.to_builder();
            self.0.log(&fair.level(Level::Info).build());
        } else {
            self.0.log(record);
        }
    }

    fn flush(&self) {
        self.0.flush();
    }
}

/// One request's line, written when it is dropped: at the end of the response, or when the
/// connection is lost before that. Then it is counted, too.
pub(crate) struct RequestLine {
    start: Instant,
    method: Method,
    path: String,
    client: String,
    id: String,
    /// Where it is not called as the request.
    trace: Option<TraceParent>,
    status: Option<StatusCode>,
    counted: Counted,
}

/// The target of request lines, for `RUST_LOG`: the same in every service.
pub const REQUEST_TARGET: &str = "drydock::request";

impl RequestLine {
    /// Starts the clock. `path` is without the query; without an `id` one is made, and without a
    /// `trace` it begins here.
    #[must_use]
    pub fn start(
        method: Method,
        path: &str,
        client: IpAddr,
        id: Option<String>,
        trace: Option<TraceParent>,
        counted: Counted,
    ) -> Self {
        // An id of another's may be of another form than that of a trace.
        let begun = || TraceParent::begin(id.as_ref()?).or_else(|| Some(TraceParent::anew()));
        let trace = trace.or_else(begun);
        let id = id.unwrap_or_else(request_id);
        Self {
            start: Instant::now(),
            method,
            path: path.to_owned(),
            client: address_text(client),
            id,
            trace,
            status: None,
            counted,
        }
    }

    /// The request's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The trace that it belongs to, where that is not called as the request.
    #[must_use]
    pub fn trace(&self) -> Option<TraceParent> {
        self.trace
    }

    /// Notes what is being answered; `route`: see [`Counted::answer`].
    pub fn answered(&mut self, status: StatusCode, route: impl FnOnce() -> Option<String>) {
        self.status = Some(status);
        self.counted.answer(&self.method, &self.path, route, status);
    }
}

impl Drop for RequestLine {
    fn drop(&mut self) {
        let level = if health::is_probe(&self.path) {
            Level::Debug
        } else {
            Level::Info
        };
        // nginx's word for a client that left before it was answered.
        let left = StatusCode::from_u16(499).unwrap_or_default();
        let status = self.status.unwrap_or_else(|| {
            self.answered(left, || None);
            left
        });
        let status = status.as_u16();
        let duration = self.start.elapsed();
        self.counted.end(duration);
        let micros = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
        let trace = self.trace.as_ref().map(TraceParent::trace_id);
        ::log::log!(
            target: REQUEST_TARGET,
            level,
            method = self.method.as_str(),
            path = self.path,
            status,
            duration_s = f64::from(micros) / 1e6,
            client = self.client,
            trace_id = trace.unwrap_or(&self.id),
            request_id = self.id;
            "request"
        );
    }
}

/// Unique among all processes, for practical purposes: 128 bits, hashed under keys that the
/// standard library draws from the system once per process. It says nothing about the order or
/// the number of requests.
pub(crate) fn request_id() -> String {
    static KEYS: LazyLock<[RandomState; 2]> =
        LazyLock::new(|| [RandomState::new(), RandomState::new()]);
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let [high, low] = KEYS.each_ref().map(|keys| keys.hash_one(count));
    let id = Uuid::from_u64_pair(high, low);
    id.simple()
        .encode_lower(&mut Uuid::encode_buffer())
        .to_owned()
}

/// See <https://no-color.org>: set, and not empty.
fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// The time as RFC 3339 writes it, in UTC.
type Timestamp = [u8; "2026-11-21T12:34:56.789Z".len()];

/// Of a second only the first line of a thread needs the calendar.
fn now() -> Timestamp {
    thread_local! {
        static LAST: Cell<(u64, Timestamp)> = const { Cell::new((u64::MAX, [0; _])) };
    }
    let since_epoch = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let (second, mut text) = LAST.get();
    if second != since_epoch.as_secs() {
        text = timestamp(since_epoch);
        LAST.set((since_epoch.as_secs(), text));
    }
    let [.., hundreds, tens, ones, _] = &mut text;
    let millis = since_epoch.subsec_millis();
    for (digit, value) in [
        (hundreds, millis / 100),
        (tens, millis / 10),
        (ones, millis),
    ] {
        *digit = b"0123456789"[(value % 10) as usize];
    }
    text
}

fn timestamp(since_epoch: Duration) -> Timestamp {
    let time = humantime::format_rfc3339_millis(SystemTime::UNIX_EPOCH + since_epoch);
    // It cannot be of another length before the year 10000.
    time.to_string().as_bytes().try_into().unwrap_or_default()
}

/// Room for a request line, so that it is not moved while it grows.
const LINE: usize = 256;

/// The most bytes of a line, its end included.
pub const LONGEST_LINE: usize = 4096;

/// Stands for what was left out. A value of the client's own may end so, too.
const CUT: &str = "...";

/// What a line keeps for whatever stands around values: its own end, quotation marks, [`CUT`].
const RESERVE: usize = 64;

/// How much of a line a message or a value may take, escapes included: three quarters of what is
/// left, so that a long path leaves room for whatever else is said of a request.
fn room(line: &[u8]) -> usize {
    LONGEST_LINE.saturating_sub(RESERVE + line.len()) * 3 / 4
}

fn text(time: &[u8], record: &Record, program: Program, colours: bool) -> Vec<u8> {
    // As wide as the widest.
    let (plain, coloured) = match record.level() {
        Level::Error => ("ERROR ", "\x1b[31mERROR\x1b[0m "),
        Level::Warn => ("WARN  ", "\x1b[33mWARN \x1b[0m "),
        Level::Info => ("INFO  ", "\x1b[32mINFO \x1b[0m "),
        Level::Debug => ("DEBUG ", "\x1b[2mDEBUG\x1b[0m "),
        Level::Trace => ("TRACE ", "\x1b[2mTRACE\x1b[0m "),
    };
    let mut line = TextLine(Vec::with_capacity(LINE));
    line.0.extend_from_slice(time);
    line.0.push(b' ');
    line.push(if colours { coloured } else { plain });
    if !is_ours(record, program) {
        // A library's message means little without its name.
        push_escaped(&mut line.0, record.target(), text_escape);
        line.push(": ");
    }
    match record.args().as_str() {
        Some(message) => push_escaped(&mut line.0, message, text_escape),
        None => push_escaped(&mut line.0, &record.args().to_string(), text_escape),
    }
    // The visitor fails when there is no room.
    if record.key_values().visit(&mut line).is_err() {
        line.push(" ");
        line.push(CUT);
    }
    line.push("\n");
    line.0
}

fn is_ours(record: &Record, program: Program) -> bool {
    record.target() == REQUEST_TARGET || program.is_target(record.target())
}

struct TextLine(Vec<u8>);

impl TextLine {
    fn push(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }
}

/// Writes no more than there is [`room`] for, in printable ASCII. `escape` says what a character
/// is written as that does not stand for itself.
fn push_escaped(to: &mut Vec<u8>, text: &str, escape: fn(char, &mut Vec<u8>)) {
    let room = room(to);
    // Nearly every text is such, and needs no second look.
    if text.len() <= room && text.bytes().all(|byte| STANDS[usize::from(byte)]) {
        return to.extend_from_slice(text.as_bytes());
    }
    let end = to.len() + room;
    for character in text.chars() {
        let before = to.len();
        if u8::try_from(character).is_ok_and(|byte| STANDS[usize::from(byte)]) {
            to.push(character as u8);
        } else {
            escape(character, to);
        }
        if to.len() > end {
            to.truncate(before);
            to.extend_from_slice(CUT.as_bytes());
            return;
        }
    }
}

/// What is written as it is, in text as in JSON: printable ASCII but for `"` and `\\`; a table,
/// because every byte of every request line is looked up.
static STANDS: [bool; 256] = {
    let mut stands = [false; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        stands[byte as usize] = !matches!(byte, b'"' | b'\\');
        byte += 1;
    }
    stands
};

/// As Rust writes it. Outside of quotation marks nothing ends at `"`, and there `\\` alone is none.
fn text_escape(character: char, to: &mut Vec<u8>) {
    if matches!(character, '"' | '\\') {
        to.push(character as u8);
    } else {
        quoted_escape(character, to);
    }
}

fn quoted_escape(character: char, to: &mut Vec<u8>) {
    to.extend(character.escape_default().map(|escaped| escaped as u8));
}

/// As RFC 8259, section 7 has it.
fn json_escape(character: char, to: &mut Vec<u8>) {
    if matches!(character, '"' | '\\') {
        to.extend_from_slice(&[b'\\', character as u8]);
        return;
    }
    for unit in character.encode_utf16(&mut [0; 2]) {
        // Writing to memory never fails.
        let _ = write!(to, "\\u{unit:04x}");
    }
}

/// A value that would say next to nothing is left out, with whatever follows it.
fn has_room(line: &[u8], key: &str) -> Result<(), kv::Error> {
    if room(line) < key.len() + RESERVE {
        return Err(kv::Error::msg("the line is full"));
    }
    Ok(())
}

impl<'kvs> VisitSource<'kvs> for TextLine {
    fn visit_pair(&mut self, key: kv::Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        // Keys stand in the source, so no client can choose one.
        has_room(&self.0, key.as_str())?;
        self.0.push(b' ');
        self.push(key.as_str());
        self.0.push(b'=');
        value.visit(self)
    }
}

/// The characters of ASCII that a bare value may have; a table, because every byte of every
/// request line is looked up.
static BARE: [bool; 256] = {
    let mut bare = [false; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        bare[byte as usize] = !matches!(byte, b'"' | b'=' | b'\\');
        byte += 1;
    }
    bare
};

/// Bare where a reader can see the end of it, else in quotation marks.
impl VisitValue<'_> for TextLine {
    fn visit_any(&mut self, value: kv::Value) -> Result<(), kv::Error> {
        self.visit_str(&value.to_string())
    }

    fn visit_str(&mut self, value: &str) -> Result<(), kv::Error> {
        // Nearly every value is such, and needs no second look.
        let short = !value.is_empty() && value.len() <= room(&self.0);
        // To look at each to the end takes less than to ask after each whether to go on.
        let bare = value.bytes().map(|byte| BARE[usize::from(byte)]);
        if short && bare.fold(true, |all, one| all & one) {
            self.push(value);
            return Ok(());
        }
        self.push("\"");
        push_escaped(&mut self.0, value, quoted_escape);
        self.push("\"");
        Ok(())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), kv::Error> {
        push_json(&mut self.0, &value)
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), kv::Error> {
        push_json(&mut self.0, &value)
    }
}

fn json(time: &[u8], record: &Record) -> Vec<u8> {
    let mut line = JsonLine(Vec::with_capacity(LINE));
    line.0.extend_from_slice(b"{\"time\":\"");
    line.0.extend_from_slice(time);
    line.0.push(b'"');
    let level = record.level().as_str().to_ascii_lowercase();
    let message = record.args();
    line.push("level", &level);
    line.push("target", record.target());
    match message.as_str() {
        Some(message) => line.push("message", message),
        None => line.push("message", &message.to_string()),
    }
    // The visitor fails when there is no room.
    if record.key_values().visit(&mut line).is_err() {
        line.push("cut", CUT);
    }
    line.0.extend_from_slice(b"}\n");
    line.0
}

struct JsonLine(Vec<u8>);

impl JsonLine {
    fn push(&mut self, name: &str, value: &str) {
        self.push_name(name);
        self.push_value(value);
    }

    fn push_name(&mut self, name: &str) {
        self.0.push(b',');
        self.push_value(name);
        self.0.push(b':');
    }

    fn push_value(&mut self, value: &str) {
        self.0.push(b'"');
        push_escaped(&mut self.0, value, json_escape);
        self.0.push(b'"');
    }
}

/// A number, or null for what is none.
fn push_json(to: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) -> Result<(), kv::Error> {
    serde_json::to_writer(to, value).map_err(kv::Error::boxed)
}

impl<'kvs> VisitSource<'kvs> for JsonLine {
    fn visit_pair(&mut self, key: kv::Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        has_room(&self.0, key.as_str())?;
        self.push_name(key.as_str());
        value.visit(self)
    }
}

/// Numbers and booleans as such, all else as a string.
impl VisitValue<'_> for JsonLine {
    fn visit_any(&mut self, value: kv::Value) -> Result<(), kv::Error> {
        self.visit_str(&value.to_string())
    }

    fn visit_str(&mut self, value: &str) -> Result<(), kv::Error> {
        self.push_value(value);
        Ok(())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), kv::Error> {
        push_json(&mut self.0, &value)
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), kv::Error> {
        push_json(&mut self.0, &value)
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), kv::Error> {
        push_json(&mut self.0, &value)
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), kv::Error> {
        push_json(&mut self.0, &value)
    }

    fn visit_null(&mut self) -> Result<(), kv::Error> {
        push_json(&mut self.0, &())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record<T>(message: &str, values: &dyn kv::Source, with: impl Fn(&Record) -> T) -> T {
        with(
            &Record::builder()
                .level(Level::Info)
                .target("drydock")
                .args(format_args!("{message}"))
                .key_values(&values)
                .build(),
        )
    }

    const NONE: &[(&str, &str)] = &[];
    const PROGRAM: Program = Program {
        name: "app",
        module: "app",
        package: "drydock",
        version: "1.0.0",
        revision: None,
    };
    const HOSTILE: &str = "/a\n2026 INFO \x1b[2Jb\r\u{2028}\u{202e}\"c=d\\";

    #[test]
    fn text_stays_on_one_line() {
        let values: &[(&str, &str)] = &[("path", HOSTILE), ("plain", "/a-b"), ("none", "")];
        let line = record("it\nbroke", &values, |record| {
            text(b"T", record, PROGRAM, false)
        });
        assert_eq!(
            String::from_utf8(line).unwrap(),
            "T INFO  it\\nbroke path=\"/a\\n2026 INFO \\u{1b}[2Jb\\r\\u{2028}\\u{202e}\\\"c=d\\\\\" \
             plain=/a-b none=\"\"\n"
        );
    }

    #[test]
    fn json_is_read_back_as_it_was() {
        let values: &[(&str, kv::Value)] = &[
            ("path", HOSTILE.into()),
            ("status", 200_u16.into()),
            ("duration_s", 0.25_f64.into()),
            ("nothing", f64::NAN.into()),
        ];
        let line = record(HOSTILE, &values, |record| json(b"T", record));
        assert_eq!(
            line.iter().position(|byte| *byte == b'\n'),
            Some(line.len() - 1)
        );
        let read: serde_json::Value = serde_json::from_slice(&line).unwrap();
        let expected = serde_json::json!({
            "time": "T", "level": "info", "target": "drydock", "message": HOSTILE,
            "path": HOSTILE, "status": 200, "duration_s": 0.25, "nothing": null,
        });
        assert_eq!(read, expected);
    }

    #[test]
    fn a_line_has_an_end_and_only_printable_ascii() {
        let hostile = [
            "\u{7f}",
            "\u{9b}",
            "\u{202e}",
            "\u{1f600}",
            "\x1b",
            "\"",
            "\\",
            "a",
            " ",
            "é",
        ];
        let hostile = hostile.map(|character| character.repeat(70_000));
        for text_of_it in &hostile {
            let text_of_it: &str = text_of_it;
            let some: &[(&str, &str)] =
                &[("method", text_of_it), ("path", text_of_it), ("id", "7")];
            let names: Vec<_> = (0..1000).map(|number| format!("k{number}")).collect();
            let many: Vec<_> = names
                .iter()
                .map(|name| (name.as_str(), text_of_it))
                .collect();
            let many: &[(&str, &str)] = &many;
            for values in [some, many] {
                for message in ["request", text_of_it] {
                    let lines = [
                        record(message, &values, |record| {
                            text(b"T", record, PROGRAM, false)
                        }),
                        record(message, &values, |record| json(b"T", record)),
                    ];
                    for line in &lines {
                        let (end, rest) = line.split_last().unwrap();
                        assert!(
                            *end == b'\n' && line.len() <= LONGEST_LINE,
                            "{}",
                            line.len()
                        );
                        assert!(
                            rest.iter().all(|byte| matches!(byte, b' '..=b'~')),
                            "{text_of_it:.1}"
                        );
                    }
                    let read: serde_json::Value = serde_json::from_slice(&lines[1]).unwrap();
                    if message == "request" && values.len() == 3 {
                        let path = read["path"].as_str().unwrap();
                        assert!(
                            path.starts_with(text_of_it.chars().next().unwrap())
                                && path.ends_with(CUT)
                        );
                        assert_eq!(read["id"], "7");
                        assert!(lines[0].ends_with(b" id=7\n"));
                    }
                }
            }
        }
    }

    #[test]
    fn what_a_client_did_is_no_alarm() {
        let fair = |target: &str, message: &str| {
            let record = |args: std::fmt::Arguments| {
                Fair::is_a_clients_doing(
                    &Record::builder()
                        .level(Level::Error)
                        .target(target)
                        .args(args)
                        .build(),
                )
            };
            record(format_args!("{message}"))
        };
        let dispatcher = "actix_http::h1::dispatcher";
        assert!(fair(dispatcher, "stream error: request parse error"));
        assert!(!fair(
            dispatcher,
            "Response payload stream error: of a handler"
        ));
        assert!(!fair("drydock::error", "stream error: of ours"));
    }

    #[test]
    fn colours_are_only_in_the_level() {
        let line = record("m", &NONE, |record| text(b"T", record, PROGRAM, true));
        assert_eq!(
            String::from_utf8(line).unwrap(),
            "T \x1b[32mINFO \x1b[0m m\n"
        );
    }

    #[test]
    fn a_second_is_written_once_and_its_milliseconds_anew() {
        let at = |millis| String::from_utf8(timestamp(Duration::from_millis(millis)).to_vec());
        assert_eq!(at(1_582_934_400_007).unwrap(), "2020-02-29T00:00:00.007Z");
        assert_eq!(at(0).unwrap(), "1970-01-01T00:00:00.000Z");
        // As the calendar of another writes the same time, whenever that is.
        for _ in 0..2000 {
            let before = SystemTime::now();
            let text = String::from_utf8(now().to_vec()).unwrap();
            let after = SystemTime::now();
            let time = humantime::parse_rfc3339(&text).unwrap();
            assert!(time <= after, "{text}");
            assert!(before < time + Duration::from_millis(1), "{text}");
        }
    }

    #[test]
    fn request_ids_differ() {
        let ids: std::collections::HashSet<_> = (0..1000).map(|_| request_id()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id.len() == 32));
    }
}
