//! `fake`: invented values, drawn from random numbers of the VU's own, so that a
//! seed repeats them. English, from the word lists of the crate `fake`.

use ::fake::faker::{address, company, currency, internet, job, lorem, name, phone_number};
use ::fake::locales::EN;
use ::fake::{Dummy, Fake};
use ::uuid::Builder;
use jiff::ToSpan;
use jiff::civil::{Date, date};
use rand::RngExt;
use rand::rngs::SmallRng;
use serde_json::Value;

use super::frame::{Arg, Frame, HostResult, Raise, wrong};
use super::object::{HostFn, Module};

/// The most words, letters or the like that one call makes: more is a slip of the pen.
const MOST: i64 = 10_000;
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

macro_rules! text {
    ($name:literal, $faker:expr, $doc:literal) => {
        HostFn { name: $name, sig: "(): string", doc: $doc, run: |frame| give_fake(frame, &$faker) }
    };
}

pub(super) static MODULE: Module = Module {
    name: "fake",
    doc: "Invented values, from random numbers of the VU's own: with `--seed` a VU draws the same values in each run. \
          Use `uuid` for what must be unique.",
    functions: &[
        text!("name", name::raw::Name(EN), "A first and a last name."),
        text!("first_name", name::raw::FirstName(EN), "A first name."),
        text!("last_name", name::raw::LastName(EN), "A last name."),
        text!("user_name", internet::raw::Username(EN), "A name to log in with."),
        text!(
            "email",
            internet::raw::SafeEmail(EN),
            "A mail address at example.com, .net or .org, where no mail ever arrives."
        ),
        HostFn {
            name: "password",
            sig: "(length?: integer): string",
            doc: "Letters and digits, 12 unless told.",
            run: password,
        },
        text!("phone_number", phone_number::raw::PhoneNumber(EN), "A phone number, in one of several forms."),
        text!("job", job::raw::Title(EN), "What somebody works as."),
        text!("company", company::raw::CompanyName(EN), "The name of a company."),
        text!("catch_phrase", company::raw::CatchPhrase(EN), "What a company says of itself."),
        text!("industry", company::raw::Industry(EN), "A branch of industry."),
        text!("street_name", address::raw::StreetName(EN), "A street."),
        HostFn {
            name: "street_address",
            sig: "(): string",
            doc: "A number and a street.",
            run: |frame| {
                let rng = &mut *frame.vu().values();
                let number: String = address::raw::BuildingNumber(EN).fake_with_rng(rng);
                let street: String = address::raw::StreetName(EN).fake_with_rng(rng);
                give(frame, &format!("{number} {street}"))
            },
        },
        text!("postcode", address::raw::PostCode(EN), "A postcode."),
        text!("city", address::raw::CityName(EN), "A city."),
        text!("state", address::raw::StateName(EN), "A state of the USA."),
        text!("country", address::raw::CountryName(EN), "A country."),
        text!("country_code", address::raw::CountryCode(EN), "A country's code, such as `NZ`."),
        text!("time_zone", address::raw::TimeZone(EN), "A time zone, such as `Europe/Rome`."),
        text!("currency_code", currency::raw::CurrencyCode(EN), "A currency's code, such as `EUR`."),
        text!("word", lorem::raw::Word(EN), "A word of Lorem Ipsum."),
        HostFn {
            name: "words",
            sig: "(count?: integer): string",
            doc: "Words with spaces between, 3 unless told.",
            run: |frame| {
                let count = many(frame, 0, "the number of words", 3)?;
                let words: Vec<String> =
                    lorem::raw::Words(EN, count..count + 1).fake_with_rng(&mut *frame.vu().values());
                give(frame, &words.join(" "))
            },
        },
        HostFn {
            name: "sentence",
            sig: "(words?: integer): string",
            doc: "A sentence, of 4 to 9 words unless told.",
            run: |frame| {
                let range = some(frame, "the number of words", 4..10)?;
                let text: String = lorem::raw::Sentence(EN, range).fake_with_rng(&mut *frame.vu().values());
                give(frame, &text)
            },
        },
        HostFn {
            name: "paragraph",
            sig: "(sentences?: integer): string",
            doc: "Sentences with spaces between, 4 to 6 unless told.",
            run: |frame| {
                let range = some(frame, "the number of sentences", 4..7)?;
                let text: Vec<String> =
                    lorem::raw::Sentences(EN, range).fake_with_rng(&mut *frame.vu().values());
                give(frame, &text.join(" "))
            },
        },
        HostFn {
            name: "int",
            sig: "(from: integer, to: integer): integer",
            doc: "A whole number, both ends included.",
            run: |frame| {
                let (from, to) =
                    (whole(frame, 0, "the least number")?, whole(frame, 1, "the greatest number")?);
                if from > to {
                    return Err(Raise::new(format!("there is no number from {from} to {to}")));
                }
                frame.give(Arg::Int(frame.vu().values().random_range(from..=to)));
                Ok(())
            },
        },
        HostFn {
            name: "float",
            sig: "(from?: number, to?: number): number",
            doc: "A number, from 0 to 1 unless told.",
            run: float,
        },
        HostFn {
            name: "bool",
            sig: "(probability?: number): boolean",
            doc: "True with this probability, 0.5 unless told.",
            run: |frame| {
                let probability = match frame.arg(0) {
                    Arg::Nil => 0.5,
                    _ => frame.number(0, "the probability")?,
                };
                if !(0.0..=1.0).contains(&probability) {
                    return Err(Raise::new(format!(
                        "the probability must be from 0 to 1, not {probability:?}"
                    )));
                }
                frame.give(Arg::Bool(frame.vu().values().random_bool(probability)));
                Ok(())
            },
        },
        HostFn { name: "pick", sig: "(list: any[]): any", doc: "One item of a list.", run: pick },
        HostFn {
            name: "date",
            sig: "(from?: string, to?: string): string",
            doc: "A day as `2026-01-31`, both ends included; from 1970 to 2029 unless told.",
            run: day,
        },
        HostFn {
            name: "uuid",
            sig: "(): string",
            doc: "A random UUID that the seed repeats: another run makes the same one. `uuid()` is unique.",
            run: |frame| {
                let bytes: [u8; 16] = frame.vu().values().random();
                give(frame, &Builder::from_random_bytes(bytes).into_uuid().to_string())
            },
        },
        HostFn {
            name: "digits",
            sig: "(count?: integer): string",
            doc: "Digits, 6 unless told.",
            run: |frame| {
                let count = many(frame, 0, "the number of digits", 6)?;
                give(frame, &characters(&mut frame.vu().values(), b"0123456789", count))
            },
        },
        text!("ipv4", internet::raw::IPv4(EN), "An IPv4 address."),
        text!("ipv6", internet::raw::IPv6(EN), "An IPv6 address."),
        text!("mac_address", internet::raw::MACAddress(EN), "A MAC address."),
        text!("user_agent", internet::raw::UserAgent(EN), "What a browser says that it is."),
    ],
    ..Module::EMPTY
};

fn give(frame: &dyn Frame, text: &str) -> HostResult {
    frame.give(Arg::Str(text.as_bytes()));
    Ok(())
}

fn give_fake<F>(frame: &dyn Frame, faker: &F) -> HostResult
where
    String: Dummy<F>,
{
    let text: String = faker.fake_with_rng(&mut *frame.vu().values());
    give(frame, &text)
}

/// The argument as a whole number; a float will do that is one.
fn whole(frame: &dyn Frame, index: usize, what: &str) -> Result<i64, Raise> {
    match frame.arg(index) {
        Arg::Int(number) => Ok(number),
        Arg::Num(number) if number.fract() == 0.0 && number.abs() < 9e15 => Ok(number as i64),
        Arg::Num(number) => Err(Raise::new(format!("{what} must be a whole number, not {number:?}"))),
        other => Err(wrong(what, "a whole number", other)),
    }
}

/// How many of something, `usual` where nothing is said.
fn many(frame: &dyn Frame, index: usize, what: &str, usual: usize) -> Result<usize, Raise> {
    if matches!(frame.arg(index), Arg::Nil) {
        return Ok(usual);
    }
    let count = whole(frame, index, what)?;
    match usize::try_from(count) {
        Ok(many) if (1..=MOST).contains(&count) => Ok(many),
        _ => Err(Raise::new(format!("{what} must be from 1 to {MOST}, not {count}"))),
    }
}

/// So many as the first argument says, or some of `usual`.
fn some(
    frame: &dyn Frame,
    what: &str,
    usual: std::ops::Range<usize>,
) -> Result<std::ops::Range<usize>, Raise> {
    match many(frame, 0, what, 0)? {
        0 => Ok(usual),
        count => Ok(count..count + 1),
    }
}

fn characters(rng: &mut SmallRng, of: &[u8], count: usize) -> String {
    (0..count).map(|_| char::from(of[rng.random_range(0..of.len())])).collect()
}

fn password(frame: &dyn Frame) -> HostResult {
    let length = many(frame, 0, "the length", 12)?;
    give(frame, &characters(&mut frame.vu().values(), LETTERS, length))
}

fn float(frame: &dyn Frame) -> HostResult {
    let or = |index: usize, what: &str, usual| match frame.arg(index) {
        Arg::Nil => Ok(usual),
        _ => frame.number(index, what),
    };
    let (from, to) = (or(0, "the least number", 0.0)?, or(1, "the greatest number", 1.0)?);
    if from > to {
        return Err(Raise::new(format!("there is no number from {from:?} to {to:?}")));
    }
    let share: f64 = frame.vu().values().random();
    // Weighed, not scaled: the distance between two finite numbers may be none.
    frame.give(Arg::Num((from * (1.0 - share) + to * share).clamp(from, to)));
    Ok(())
}

fn pick(frame: &dyn Frame) -> HostResult {
    let draw = |length: usize| match length {
        0 => Err(Raise::new("the list to pick from is empty")),
        length => Ok(frame.vu().values().random_range(0..length)),
    };
    match frame.arg(0) {
        Arg::Table(list) => frame.give_item(list, draw(frame.length(list))?),
        Arg::View(Value::Array(list)) => {
            frame.give(Arg::View(&list[draw(list.len())?]));
            Ok(())
        }
        Arg::Object(kind, number) if kind.items.is_some() => {
            let items = kind.items.as_ref().expect("just asked");
            (items.get)(frame, number, draw((items.length)(frame, number))?)
        }
        other => Err(wrong("what to pick from", "a list", other)),
    }
}

fn day(frame: &dyn Frame) -> HostResult {
    let read = |index: usize, usual: Date| match frame.arg(index) {
        Arg::Nil => Ok(usual),
        _ => {
            let text = frame.text(index, "the day")?;
            text.parse().map_err(|_| Raise::new(format!("`{text}` is no day: write it as `2026-01-31`")))
        }
    };
    let (from, to) = (read(0, date(1970, 1, 1))?, read(1, date(2029, 12, 31))?);
    if from > to {
        return Err(Raise::new(format!("there is no day from {from} to {to}")));
    }
    let days = from.until(to).map_or(0, |span| span.get_days());
    let days = frame.vu().values().random_range(0..=days);
    give(frame, &from.saturating_add(days.days()).to_string())
}
