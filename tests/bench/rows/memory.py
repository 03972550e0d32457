"""Memory: of an idle connected VU, and over a run under full load."""

import time

from generators import E2E_, E2E_RHAI, K6_, LOCUST_, Load
from section import Section
from service import Service
from tools import Failed

WARMUP = 10  # s


def users(settings):
    """Resident memory that a VU adds once it has run the smoke suite's tasks and waits, connected."""
    section = Section("Memory per idle connected VU of the smoke suite", ["generator", "VUs", "tasks done", "KiB/VU", "RSS MiB"])
    ours = [(E2E_, 1000, 1), (E2E_, 1000, 5), (E2E_, 10000, 1), (E2E_, 10000, 5), (E2E_RHAI, 1000, 5), (E2E_RHAI, 10000, 5)]
    plans = [*ours, (K6_, 1000, 5), (LOCUST_, 1000, 5)]
    for generator, count, tasks in plans:
        if count > settings.most:
            section.notes.append(f"{count:,} VUs need a higher limit of open files (ulimit -n)")
            continue
        try:
            alone, together = idle_rss(generator, 1, tasks), idle_rss(generator, count, tasks)
        except Failed as failure:
            section.notes.append(f"{generator.name} at {count:,} VUs: {failure}")
            continue
        each = (together - alone) / (count - 1)
        section.row(generator.name, count, tasks, each, together / 1024)
        section.raw[f"{generator.name} {count} {tasks}"] = {"alone_kib": alone, "together_kib": together}
        if (generator, count, tasks) == (E2E_, 10000, 5):
            section.target("resident per idle connected VU, 10,000 VUs", each, 64, " KiB")
        if (generator, count, tasks) == (E2E_RHAI, 10000, 5):
            section.target("resident per idle connected VU in Rhai, 10,000 VUs", each, 96, " KiB")
    return section


PARTS = [
    ("a VU that does nothing: VM, libraries, task", "bare", 1),
    ("the same with a connection and `http`", "asked", 1),
    ("the smoke suite's, after one task", "idle", 1),
    ("the smoke suite's, after five: garbage not collected yet", "idle", 5),
]


def parts(settings):
    """What the memory of an idle VU is made of: each row has all of the row before."""
    section = Section("What an idle VU is made of", ["VU", "KiB/VU", "in Rhai"])
    count = settings.most
    for what, script, tasks in PARTS:
        costs = []
        for generator in (E2E_, E2E_RHAI):
            alone, together = idle_rss(generator, 1, tasks, script), idle_rss(generator, count, tasks, script)
            costs.append((together - alone) / (count - 1))
            section.raw[f"{what}, {generator.name}"] = {"alone_kib": alone, "together_kib": together, "users": count}
        section.row(what, *costs)
    return section


def idle_rss(generator, count, tasks, script="idle", service=Service):
    with service() as service:
        process = generator.start(service, Load(script, count, 3600, tasks))
        try:
            await_idle(process, service, 0 if script == "bare" else count)
            return process.memory()
        finally:
            process.kill()


def await_idle(process, service, count, limit=90):
    """Until every user is connected and the generator's CPU has come to rest for two seconds."""
    deadline = time.monotonic() + limit
    calm = 0
    while calm < 4:
        before = process.cpu()
        time.sleep(0.5)
        if not process.running():
            raise Failed(f"it ended early: {process.output().strip()[-400:]}")
        if time.monotonic() > deadline:
            raise Failed(f"only {service.connections():,} connected and at rest after {limit} s")
        connected = service.connections() >= count
        calm = calm + 1 if connected and process.cpu() - before < 0.02 else 0


def growth(settings):
    """Resident memory each second of a run under full load, and how it drifts once the run is warm."""
    section = Section("Memory over a run under full load (POST, GET, check, DELETE)", ["from", "to", "RSS MiB", "KiB/s"])
    sizes = []
    with Service() as service:
        process = E2E_.start(service, Load("endless", 50, 3600))
        try:
            for _ in range(settings.endurance):
                time.sleep(1)
                if not process.running():
                    raise Failed(f"it ended early: {process.output().strip()[-400:]}")
                sizes.append(process.memory())
        finally:
            process.kill()
    warm = sizes[WARMUP:]
    trend = drift(warm)
    section.row("start", f"{WARMUP} s", f"{sizes[0] / 1024:.1f} to {sizes[WARMUP - 1] / 1024:.1f}", drift(sizes[:WARMUP]))
    section.row(f"{WARMUP} s", f"{len(sizes)} s", f"{warm[0] / 1024:.1f} to {warm[-1] / 1024:.1f}", trend)
    # 2 KiB/s is what keeping a second's figures may take: 7 MiB an hour.
    section.target("growth of memory under full load", trend, 2, " KiB/s")
    section.raw["rss_kib"] = sizes
    return section


def drift(values):
    """From the median of the first third to that of the last one, per step: collectors make single values jump."""
    third = max(1, len(values) // 3)
    first, last = sorted(values[:third]), sorted(values[-third:])
    return (last[third // 2] - first[third // 2]) / max(1, len(values) - third)
