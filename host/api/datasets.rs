//! `data`: files that the host reads once for all VUs.

use std::pin::pin;

use crate::data::{Data, Dataset, Form, Mode, Next, OnEnd, Rows};
use crate::fault::Fault;
use crate::vu::fiber;

use super::frame::{Arg, Frame, HostResult, Raise, wrong};
use super::object::{Field, HostFn, Items, Member, MemberKind, Module, ObjectType, Record};

pub(super) static MODULE: Module = Module {
    name: "data",
    doc: "Files of test data below the script root. Each is read once, whatever the number of VUs, and cannot be \
          changed. Open them at the top level of a script, so that a file that is wrong ends the run before it begins.",
    functions: &[
        HostFn {
            name: "csv",
            sig: "(path: string, options?: DataOptions): Dataset",
            doc: "A CSV file, whose first row names the columns. A row is a table of strings: `row.email`.",
            run: |frame| open(frame, true),
        },
        HostFn {
            name: "lines",
            sig: "(path: string, options?: DataOptions): Dataset",
            doc: "A text file. A row is a line, without its end.",
            run: |frame| open(frame, false),
        },
        HostFn {
            name: "json",
            sig: "(path: string): any",
            doc: "A JSON file. Lists and objects in it are read-only and looked up where they lie: index, `#`, \
                  `ipairs`, `pairs` and `json.encode` work. It is held in memory as a tree, once, which takes up \
                  to ten times as much as the file.",
            run: json,
        },
    ],
    ..Module::EMPTY
};

/// What [`Options`] understands.
pub(super) static DATA_OPTIONS: Record = Record {
    name: "DataOptions",
    doc: "Which row `next` gives.",
    given: true,
    fields: &[
        Field {
            name: "mode",
            sig: "string",
            doc: "`shared`: one after the other over all VUs, and again from the first (unless told otherwise). \
                  `sequential`: the same for each VU by itself. `random`: any, by the VU's random numbers. `unique`: \
                  each row once in the whole run.",
        },
        Field {
            name: "on_end",
            sig: "string",
            doc: "What becomes of a VU that asks for a `unique` row when all are used: `error` is raised (unless \
                  told otherwise), the VU ends (`stop`), or the rows begin anew (`recycle`).",
        },
        Field { name: "delimiter", sig: "string", doc: "Between the fields of a CSV file: `,` unless told." },
    ],
};

/// What `data.csv` and `data.lines` return.
pub(super) static DATASET: ObjectType = ObjectType {
    name: "Dataset",
    doc: "The rows of a data file: `#rows` are there, `rows[1]` is the first, `ipairs(rows)` visits all. A row is made \
          when it is asked for.",
    members: &[
        Member {
            name: "next",
            sig: "(): any",
            doc: "The next row, by the file's `mode`.",
            kind: MemberKind::Method(next),
        },
        Member {
            name: "columns",
            sig: "string[]",
            doc: "The names of the columns; empty for lines.",
            kind: MemberKind::Field(|frame, number| {
                let rows = dataset(frame, number)?.rows;
                frame.give_list(&mut |list| {
                    rows.columns().iter().for_each(|name| list.give(Arg::Str(name.as_bytes())));
                    Ok(())
                })
            }),
        },
        Member {
            name: "path",
            sig: "string",
            doc: "The file.",
            kind: MemberKind::Field(|frame, number| {
                frame.give(Arg::Str(dataset(frame, number)?.name.as_bytes()));
                Ok(())
            }),
        },
    ],
    items: Some(Items {
        length: |frame, number| dataset(frame, number).map_or(0, |dataset| dataset.rows.len()),
        get: |frame, number, index| give_row(frame, dataset(frame, number)?.rows, index),
    }),
    ..ObjectType::EMPTY
};

struct Options {
    form: Form,
    mode: Mode,
    on_end: Option<OnEnd>,
}

fn raise(fault: Fault) -> Raise {
    fault.help.into_iter().fold(Raise::new(fault.what), Raise::help)
}

/// The one of `all` called `name`.
fn choose<T: Copy, const N: usize>(
    option: &str,
    all: &[(&'static str, T); N],
    value: Arg<'_>,
) -> Result<T, Raise> {
    let Arg::Str(name) = value else { return Err(wrong(option, "a string", value)) };
    match all.iter().find(|(known, _)| known.as_bytes() == name) {
        Some((_, found)) => Ok(*found),
        None => {
            Err(Raise::unknown(option, &String::from_utf8_lossy(name), all.iter().map(|(known, _)| *known)))
        }
    }
}

fn options(frame: &dyn Frame, is_csv: bool) -> Result<Options, Raise> {
    let form = if is_csv { Form::Csv { delimiter: b',' } } else { Form::Lines };
    let mut options = Options { form, mode: Mode::default(), on_end: None };
    let table = match frame.arg(1) {
        Arg::Nil => return Ok(options),
        Arg::Table(table) => table,
        other => return Err(wrong("the options", "a table", other)),
    };
    frame.each(table, &mut |key, value| {
        let Arg::Str(key) = key else { return Err(wrong("an option's name", "a string", key)) };
        match key {
            b"mode" => options.mode = choose("mode", &Mode::ALL, value)?,
            b"on_end" => options.on_end = Some(choose("on_end", &OnEnd::ALL, value)?),
            b"delimiter" if is_csv => match value {
                Arg::Str(&[delimiter]) if delimiter.is_ascii() && !b"\"\r\n".contains(&delimiter) => {
                    options.form = Form::Csv { delimiter };
                }
                Arg::Str(_) => return Err(Raise::new("the delimiter must be one ASCII character")),
                other => return Err(wrong("delimiter", "a string", other)),
            },
            other => {
                let known = DATA_OPTIONS.fields.iter().map(|field| field.name);
                let known = known.filter(|name| is_csv || *name != "delimiter");
                return Err(Raise::unknown("option", &String::from_utf8_lossy(other), known));
            }
        }
        Ok(())
    })?;
    if options.on_end.is_some() && options.mode != Mode::Unique {
        return Err(Raise::new("only rows of mode `unique` end: `on_end` says nothing to others"));
    }
    Ok(options)
}

fn open(frame: &dyn Frame, is_csv: bool) -> HostResult {
    let path = frame.text(0, "the path")?;
    let Options { form, mode, on_end } = options(frame, is_csv)?;
    let data = &frame.vu().shared.data;
    let opening = data.sources.dataset(path, form, mode, on_end.unwrap_or_default());
    let dataset = fiber::wait(pin!(opening))?.map_err(raise)?;
    frame.give(Arg::Object(&DATASET, data.keep(dataset)));
    Ok(())
}

fn json(frame: &dyn Frame) -> HostResult {
    let path = frame.text(0, "the path")?;
    match fiber::wait(pin!(frame.vu().shared.data.sources.open(path, Form::Json)))?.map_err(raise)? {
        Data::Value(value) => frame.give(Arg::View(value)),
        Data::Rows(_) => return Err(Raise::new(format!("{path} was not read as JSON"))),
    }
    Ok(())
}

fn dataset(frame: &dyn Frame, number: u64) -> Result<std::cell::Ref<'_, Dataset>, Raise> {
    frame.vu().shared.data.dataset(number).ok_or_else(|| Raise::new("there is no such data file"))
}

fn give_row(frame: &dyn Frame, rows: &Rows, row: usize) -> HostResult {
    if rows.columns().is_empty() {
        rows.fields(row).for_each(|line| frame.give(Arg::Str(line)));
        return Ok(());
    }
    frame.give_map(&mut |put| {
        rows.columns().iter().zip(rows.fields(row)).for_each(|(name, field)| put(name, Arg::Str(field)));
        Ok(())
    })
}

fn next(frame: &dyn Frame, number: u64) -> HostResult {
    let dataset = dataset(frame, number)?;
    if frame.loading() {
        return Err(Raise::new("no row can be taken while the script is loaded")
            .help("every VU loads the script: take rows in on_start or a task"));
    }
    let vu = frame.vu();
    let next = {
        let mut places = vu.places.borrow_mut();
        let place = number as usize;
        if places.len() <= place {
            places.resize(place + 1, 0);
        }
        dataset.next(&mut places[place], &mut vu.values())
    };
    let (name, rows) = (&dataset.name, dataset.rows.len());
    match next {
        Next::Row(row) => give_row(frame, dataset.rows, row),
        Next::Empty => Err(Raise::new(format!("{name} has no rows"))),
        Next::UsedUp if dataset.on_end == OnEnd::Stop => {
            if dataset.tell() {
                let text = format!("all {rows} rows of {name} are used: users that ask for another end");
                (vu.shared.log)(crate::config::Level::Warning, "e2e", text);
            }
            vu.leaving.set(true);
            fiber::stop();
            Err(Raise::Interrupted)
        }
        Next::UsedUp => {
            let raise = Raise::new(format!(
                "all {rows} rows of {name} are used, and each is given once (mode `unique`)"
            ));
            Err(raise.help("add rows, or say `on_end = \"stop\"` or `on_end = \"recycle\"`"))
        }
    }
}
