//! The way of an answer through this client without a server: bytes, cut anywhere, go through all that reads them,
//! and what must hold of any bytes is asserted. Built for tests and cargo-fuzz alone. Called by the fuzz target in
//! tests/fuzz, and by the tests below.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use http::Method;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use super::account::Account;
use super::chain::Chain;
use super::connection::Connection;
use super::cookies::{self, Jar};
use super::decoding;
use super::digest::{self, Asked};
use super::download::Download;
use super::error::{Error, ErrorKind};
use super::events::Parser;
use super::exchange::Course;
use super::origin::Base;
use super::redirect;
use super::request::{Receive, Request};
use super::settings::Settings;
use super::stream::{Socket, Stream};
use super::tls::Tls;
use super::worker::Net;

/// Small, so that short inputs reach them.
const MOST_HEADER: usize = 2048;
const MOST_BODY: usize = 32 << 10;
const MOST_EVENT: usize = 512;

/// Whatever follows the end of the connection's bytes, in the order of the first byte of an input.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Keep,
    Head,
    Discard,
    Stream,
    Events,
}

impl Mode {
    fn of(byte: u8) -> Mode {
        [Mode::Keep, Mode::Head, Mode::Discard, Mode::Stream, Mode::Events][usize::from(byte & 15) % 5]
    }
}

/// What an answer came to.
#[derive(Debug, PartialEq)]
struct Outcome {
    status: u16,
    error: Option<ErrorKind>,
    head: Vec<u8>,
    body: Vec<u8>,
    size: u64,
}

/// What runs share; the connection is there because an exchange has one, and carries nothing.
struct Bench {
    connection: Option<Connection>,
    base: Rc<Base>,
    net: Rc<Net>,
    runtime: Runtime,
}

thread_local! {
    static BENCH: RefCell<Option<Bench>> = const { RefCell::new(None) };
}

/// Runs one input: its first byte says what is asked for, its second one how the rest is cut, the rest is what the
/// server sends.
///
/// # Panics
/// Where a rule is broken that holds for any bytes.
pub fn run(input: &[u8]) {
    let [mode, cut, bytes @ ..] = input else { return };
    let mode = Mode::of(*mode);
    if mode == Mode::Events {
        return events(bytes, *cut);
    }
    BENCH.with_borrow_mut(|bench| bench.get_or_insert_with(Bench::new).answer(mode, bytes, *cut));
}

/// The bytes in pieces; 0: in one.
fn pieces(mut bytes: &[u8], cut: u8) -> Vec<&[u8]> {
    let mut all = Vec::new();
    let mut chance = u32::from(cut);
    while cut != 0 && !bytes.is_empty() {
        chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // Mostly short ones.
        let length = 1 + (chance >> 24) as usize % [3, 17, 200][(chance >> 16) as usize % 3];
        let (piece, rest) = bytes.split_at(length.min(bytes.len()));
        all.push(piece);
        bytes = rest;
    }
    if !bytes.is_empty() {
        all.push(bytes);
    }
    all
}

fn events(bytes: &[u8], cut: u8) {
    let read = |cut| {
        let mut parser = Parser::new("before", MOST_EVENT);
        let ended = pieces(bytes, cut).into_iter().try_for_each(|piece| parser.take(piece));
        (ended, parser.last_id().to_owned(), parser.ready)
    };
    let whole = read(0);
    for event in &whole.2 {
        assert!(event.data.len() <= MOST_EVENT * 3 && !event.id.contains('\0'), "{event:?}");
    }
    assert_eq!(whole, read(cut));
}

impl Bench {
    fn new() -> Bench {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let settings = Settings { max_header: MOST_HEADER, max_body: MOST_BODY, ..Settings::default() };
        let net =
            Net::new(settings.clone(), Tls::new(settings.link.tls.clone())).expect("the defaults are valid");
        let base = net.base("http://h.example.test:8080").expect("it is a URL");
        let tcp = runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            TcpStream::connect(listener.local_addr()?).await
        });
        let stream = Stream::Plain(Socket::new(tcp.expect("loopback connects")));
        let connection = Some(Connection::new(base.origin.clone(), 0, stream, None));
        Bench { connection, base, net, runtime }
    }

    fn answer(&mut self, mode: Mode, bytes: &[u8], cut: u8) {
        let whole = self.play(mode, bytes, 0);
        let parts = self.play(mode, bytes, cut);
        // A head that is both broken and too long: which comes first depends on the cut.
        let is_either = |outcome: &Outcome| {
            outcome.status == 0 && matches!(outcome.error, Some(ErrorKind::TooLarge | ErrorKind::Protocol))
        };
        // How far a body that is too large was read as well.
        let is_large = |outcome: &Outcome| outcome.error == Some(ErrorKind::TooLarge);
        if is_either(&whole) && bytes.len() >= MOST_HEADER {
            assert!(is_either(&parts), "{parts:?}");
        } else if is_large(&whole) || mode == Mode::Stream && whole.error == Some(ErrorKind::Body) {
            // So was how much came out of coded data before it turned out to be broken, or was enough for `drain`.
            assert!(parts.body.starts_with(&whole.body) || whole.body.starts_with(&parts.body));
            let is_enough = mode == Mode::Stream && (is_large(&parts) || is_large(&whole));
            assert!(parts.error == whole.error || is_enough && parts.error.is_some(), "{:?}", parts.error);
            assert_eq!((parts.status, &parts.head), (whole.status, &whole.head));
        } else {
            assert_eq!(parts, whole);
        }
        if mode == Mode::Stream {
            let kept = self.play(Mode::Keep, bytes, cut);
            if kept.error.is_none() {
                assert_eq!(whole, kept, "streamed, and kept");
            }
        }
    }

    fn play(&mut self, mode: Mode, bytes: &[u8], cut: u8) -> Outcome {
        let base = self.base.clone();
        let request = Request {
            base: Some(&base),
            follow_redirects: false,
            receive: match mode {
                Mode::Discard => Receive::Discard,
                Mode::Stream => Receive::Stream,
                Mode::Keep | Mode::Head | Mode::Events => Receive::Keep,
            },
            ..Request::new(if mode == Mode::Head { Method::HEAD } else { Method::GET }, "/a/b?c=d")
        };
        let net = self.net.clone();
        let mut chain = Chain::new(&net, &request).expect("the target is valid");
        let mut connection = self.connection.take().expect("the last run gave it back");
        connection.is_used = false;
        let account = Account::new(MOST_BODY);
        let mut pieces = pieces(bytes, cut).into_iter();
        let failure = {
            let mut course = Course::new(&net, &mut connection, &mut chain, Instant::now(), account.charge());
            receive(&mut course, &mut pieces)
        };
        let mut streamed = Vec::new();
        match chain.opened.take() {
            None => self.connection = Some(connection),
            Some(opened) => {
                let mut download = Download::new(connection, opened, &chain);
                let error = drain(&mut download, &mut pieces, &mut streamed).err();
                if let Some(answer) = &mut chain.answer {
                    answer.error = error;
                }
                self.connection = download.into_connection();
            }
        }
        if let Some(answer) = &mut chain.answer {
            if answer.head.is_coded && answer.error.is_none() && request.receive == Receive::Keep {
                self.runtime.block_on(decoding::decode(answer, MOST_BODY, account.charge()));
                let most = if answer.error.is_none() { MOST_BODY } else { usize::MAX };
                assert!(answer.body().len() <= most, "{}", answer.body().len());
            }
            look(&net, &mut chain);
        }
        let response = chain.respond(&net, failure);
        assert!(response.reason().len() <= 400);
        let (mut body, mut size) = (response.body().to_vec(), response.size());
        if request.receive == Receive::Stream && response.status != 0 {
            (size, body) = (streamed.len() as u64, streamed);
        }
        Outcome {
            status: response.status,
            error: response.error.as_ref().map(|error| error.kind),
            head: response.headers().0.to_vec(),
            body,
            size,
        }
    }
}

/// Feeds an exchange until it has what it wants, or the connection ends.
fn receive<'p>(course: &mut Course<'_, '_>, pieces: &mut impl Iterator<Item = &'p [u8]>) -> Option<Error> {
    for piece in pieces.by_ref() {
        course.first.get_or_insert_with(Instant::now);
        let ended = match course.take(piece) {
            Ok(false) => continue,
            Ok(true) => course.end(None),
            Err(error) if course.chain.answer.is_some() => course.end(Some(error)),
            Err(error) => Err(course.fail(error)),
        };
        return ended.err().map(|failure| failure.error);
    }
    course.closed().err().map(|failure| failure.error)
}

/// Reads a streamed body as `Download::read` does.
fn drain<'p>(
    download: &mut Download,
    pieces: &mut impl Iterator<Item = &'p [u8]>,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    loop {
        while download.decode(out)? {
            if out.len() > MOST_BODY * 4 {
                return Err(Error::new(ErrorKind::TooLarge, "enough"));
            }
        }
        if !download.feed(|| pieces.next(), out)? {
            return Ok(());
        }
    }
}

/// What is done with a head beyond its body: cookies, challenges, redirects. What comes of it is a request again, and
/// nothing that a server says may break out of its line.
fn look(net: &Net, chain: &mut Chain<'_>) {
    let Some(answer) = chain.answer.take() else { return };
    let lines = answer.headers().iter().count();
    assert!(answer.headers().iter().all(|(name, value)| !name.contains('\n') && !value.contains(&b'\n')));
    let mut jar = Jar::default();
    let url = cookies::scope(&chain.step.origin, chain.step.path()).expect("an origin is a URL");
    jar.take(answer.headers(), &url);
    let cookie = cookies::header(Some(&jar), &[], &url).expect("no cookie of a script's own is wrong");
    assert!(cookie.is_none() || lines > 0);
    chain.step.cookie = cookie;
    if let Some(challenge) = digest::challenge(answer.headers()) {
        let asked = Asked {
            method: "GET",
            uri: &chain.step.target,
            user: "u\"ser",
            password: "p",
            count: 1,
            cnonce: "0a4f113b",
        };
        chain.step.given_auth = Some(challenge.answer(&asked).into());
    }
    check(net, chain);
    if let Some(location) = redirect::location(&answer)
        && chain.step.follow(net, answer.head.status, &location).is_ok()
    {
        check(net, chain);
    }
    chain.answer = Some(answer);
}

/// Whether the next message is one request and nothing else.
fn check(net: &Net, chain: &Chain<'_>) {
    let Ok(message) = chain.step.message(net, chain.request) else { return };
    let mut fields = [httparse::EMPTY_HEADER; 32];
    let mut request = httparse::Request::new(&mut fields);
    let parsed = request.parse(&message.bytes);
    let text = String::from_utf8_lossy(&message.bytes);
    assert_eq!(parsed, Ok(httparse::Status::Complete(message.bytes.len())), "{text:?}");
    let names: Vec<&str> = request.headers.iter().map(|header| header.name).collect();
    let known = ["Host", "User-Agent", "Accept", "Authorization", "Cookie"];
    assert!(names.iter().all(|name| known.contains(name)), "{text:?}");
    net.give_back(message.bytes);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
