"""CPU per request at 10 to 10,000 VUs without think time, beside wrk's with as many connections."""

import json
import tempfile
import time
from pathlib import Path
from statistics import median

from generators import E2E_, WRK, Load
from section import Section
from service import Service
from tools import Failed

SIZES = [10, 100, 1000, 10000]
BASE = 100


def scale(settings):
    columns = ["VUs", "e2e us/request", f"to {BASE} VUs", "requests/s", "wrk us/request", f"wrk to {BASE}", "e2e to wrk"]
    section = Section("CPU per request as VUs grow, no think time", columns)
    sizes = [size for size in SIZES if size <= settings.most]
    ours, rates, theirs = ({size: [] for size in sizes} for _ in range(3))
    for _ in range(settings.rounds):
        for size in sizes:
            cost, rate = steady(size, settings.seconds)
            ours[size].append(cost)
            rates[size].append(rate)
            try:
                theirs[size].append(steady_wrk(size, settings.seconds))
            except Failed as failure:
                section.notes.append(f"wrk at {size:,} connections: {failure}")
    e2e = {size: median(costs) for size, costs in ours.items()}
    wrk = {size: median(costs) for size, costs in theirs.items() if costs}
    for size in sizes:
        section.row(
            *(size, e2e[size], ratio(e2e, size, e2e, BASE), median(rates[size])),
            *(wrk.get(size), ratio(wrk, size, wrk, BASE), ratio(e2e, size, wrk, size)),
        )
    largest = sizes[-1]
    section.target(f"CPU per request at {largest:,} VUs to that at {BASE}", e2e[largest] / e2e[BASE], 2.0)
    section.raw = {"e2e": ours, "wrk": theirs}
    return section


def ratio(ours, size, theirs, other):
    return ours[size] / theirs[other] if size in ours and other in theirs else None


def steady_wrk(users, seconds):
    """us per request. The difference of a short run and a long one: connecting costs both the same."""
    seconds = max(seconds, users // 2500)
    runs = []
    for length in (seconds, 2 * seconds):
        with Service() as service:
            runs.append(WRK.measure(service, Load("get", users, length)))
    short, long = runs
    return (long.cpu - short.cpu) / (long.requests - short.requests) * 1e6


def steady(users, seconds):
    """(us per request, requests/s) over whole seconds after every user has connected: starting is another row."""
    with Service() as service, tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.json"
        process = E2E_.start(service, Load("get", users, 3600), results)
        try:
            deadline = time.monotonic() + 60
            while service.connections() < users:
                if time.monotonic() > deadline or not process.running():
                    raise Failed(f"{service.connections():,} of {users:,} connected: {process.output().strip()[-400:]}")
                time.sleep(0.05)
            time.sleep(1)
            first, before = next_second(), process.cpu()
            time.sleep(seconds - 0.5)
            last, after = next_second(), process.cpu()
            process.signal()
            process.wait()
        finally:
            process.kill()
        counts = {}
        for entry in json.loads(results.read_text()):
            if entry["num_failures"]:
                raise Failed(f"{entry['num_failures']} requests failed at {users:,} VUs")
            for second, count in entry["num_reqs_per_sec"].items():
                counts[int(second)] = counts.get(int(second), 0) + count
    requests = sum(counts.get(second, 0) for second in range(first, last))
    if not requests:
        raise Failed(f"no request between {first} and {last}: {counts}")
    return (after - before) / requests * 1e6, requests / (last - first)


def next_second():
    """Waits for the next whole second of the epoch, by which results are counted."""
    second = int(time.time()) + 1
    time.sleep(max(0.0, second - time.time()))
    return second
