#!/usr/bin/env python3
"""`make bench`: what e2e costs, beside wrk, k6 and Locust, on this machine. Needs `cargo build --release`."""

import argparse
import json
import os
import platform
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import table
from process import CORES
from rows import arrivals, grpc, http2, memory, merge, scale, scripts, starts, throughput, web
from tools import OUT, Failed, install

ROWS = {
    "get": throughput.get,
    "http2": http2.http2,
    "grpc": grpc.grpc,
    "smoke": throughput.smoke,
    "memory": memory.users,
    "parts": memory.parts,
    "starts": starts.rate,
    "first": starts.first,
    "arrivals": arrivals.arrivals,
    "scale": scale.scale,
    "web": web.page,
    "merge": merge.merge,
    "growth": memory.growth,
    "json": scripts.json,
    "compute": scripts.compute,
}


@dataclass(frozen=True)
class Settings:
    rounds: int
    seconds: int  # of each measurement
    endurance: int  # s of the run whose memory is watched
    most: int  # VUs


def main():
    options = read_options()
    os.sched_setaffinity(0, {CORES[0]})  # away from the generators
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    settings = Settings(
        rounds=options.rounds or (1 if options.quick else 3),
        seconds=options.seconds or (2 if options.quick else 8),
        endurance=20 if options.quick else 180,
        most=10000 if hard > 10100 else 1000,
    )
    try:
        install(say)
    except Failed as failure:
        sys.exit(f"bench: {failure}")
    if CORES[0] == CORES[1]:
        say("this machine has one core: the service and the generators share it, and no figure is worth much")
    pinned = f"service on core {CORES[0]}, generators on core {CORES[1]}"
    say(f"{processor()}; {pinned}; {settings.rounds} rounds of {settings.seconds} s")
    if os.getloadavg()[0] > 1:
        say(f"other programs are busy (load {os.getloadavg()[0]:.1f}): expect noise, and dearer requests for everyone")
    sections = measure(options.rows, settings)
    write(sections, settings)


def read_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round: a look, not a result")
    parser.add_argument("--rows", type=names, default=list(ROWS), help=f"of {','.join(ROWS)}")
    parser.add_argument("--seconds", type=int, help="length of each measurement")
    parser.add_argument("--rounds", type=int, help="measurements of each kind")
    return parser.parse_args()


def names(text):
    chosen = text.split(",")
    for name in chosen:
        if name not in ROWS:
            raise argparse.ArgumentTypeError(f"no row {name!r}; there are {', '.join(ROWS)}")
    return chosen


def measure(rows, settings):
    sections = {}
    for name in rows:
        started = time.monotonic()
        try:
            sections[name] = ROWS[name](settings)
        except Failed as failure:
            say(f"\n{name}: not measured: {failure}")
            continue
        say("\n" + table.plain(sections[name]))
        for verdict in table.verdicts(sections[name].targets):
            say("  " + verdict)
        sections[name].raw["took"] = time.monotonic() - started
    return sections


def write(sections, settings):
    targets = [target for section in sections.values() for target in section.targets]
    met = sum(target.met for target in targets)
    say(f"\n{met} of {len(targets)} targets met")
    about = f"{processor()}, {platform.system()} {platform.release()}; {settings.rounds} rounds of {settings.seconds} s"
    text = [about, "", *map(table.markdown, sections.values()), "### Targets", ""]
    text += [f"- {verdict}" for verdict in table.verdicts(targets)]
    (OUT / "latest.md").write_text("\n".join(text) + "\n")
    raw = {name: {"title": section.title, "figures": section.raw} for name, section in sections.items()}
    (OUT / "latest.json").write_text(json.dumps({"machine": about, "rows": raw}, indent=1))
    say(f"written to {OUT / 'latest.md'} and {OUT / 'latest.json'}")


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.machine()


def say(text):
    print(text, flush=True)


if __name__ == "__main__":
    main()
