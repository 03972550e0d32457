"""Requests a second and CPU per request of every generator, as a ratio to wrk measured just before and after."""

from generators import E2E_, E2E_RHAI, K6_, LOCUST_, OHA, WRK, Load
from section import Section, middle
from service import Service
from tools import Failed, present

COLUMNS = ["generator", "requests/s", "CPU us/request", "to wrk's GET", "peak MiB"]


def get(settings):
    """GET /ready, which the service answers as cheaply as it can."""
    section = Section("GET /ready, 50 connections, no think time", COLUMNS)
    generators = [E2E_, E2E_RHAI, K6_, LOCUST_] + ([OHA] if present("oha") else [])
    costs = compare(section, generators, "get", settings)
    if "e2e" in costs:
        section.target("GET from a Lua task, CPU per request to wrk's", costs["e2e"][1], 1.5)
        if "k6" in costs:
            section.target("GET from a Lua task, CPU per request to k6's", costs["e2e"][0] / costs["k6"][0], 0.2)
    if "e2e, Rhai" in costs:
        section.target("GET from a Rhai task, CPU per request to wrk's", costs["e2e, Rhai"][1], 2.0)
    return section


def smoke(settings):
    """POST a document, GET it, compare: per request, not per pair."""
    section = Section("POST JSON, GET it, compare the uri; 50 connections, no think time", COLUMNS)
    costs = compare(section, [E2E_, E2E_RHAI, K6_, LOCUST_], "pair", settings)
    if "e2e" in costs:
        section.target("the smoke pair, CPU per request to wrk's GET", costs["e2e"][1], 1.8)
    return section


def compare(section, generators, script, settings, base=WRK, service=Service):
    """Fills the table; returns {generator: (us per request, ratio to the base)}."""
    load = Load(script, seconds=settings.seconds)
    samples = {generator.name: [] for generator in [base, *generators]}
    ratios = {generator.name: [] for generator in generators}
    broken = {}
    for _ in range(settings.rounds):
        before = measure(base, load, service)
        samples[base.name].append(before)
        for generator in generators:
            if generator.name in broken:
                continue
            try:
                sample = measure(generator, load, service)
            except Failed as failure:
                broken[generator.name] = str(failure)
                continue
            after = measure(base, load, service)
            samples[base.name].append(after)
            samples[generator.name].append(sample)
            ratios[generator.name].append(sample.cost / ((before.cost + after.cost) / 2))
            before = after
    costs = {}
    for name, taken in samples.items():
        if not taken:
            continue
        ratio = sorted(ratios[name])[len(ratios[name]) // 2] if name in ratios else 1.0
        costs[name] = (middle(taken, "cost"), ratio)
        section.row(name, middle(taken, "per_second"), costs[name][0], ratio, middle(taken, "peak") / 1024)
    section.notes += broken.values()
    section.raw = {
        "samples": {name: [vars(sample) for sample in taken] for name, taken in samples.items()},
        "ratios": ratios,
    }
    return costs


def measure(generator, load, service=Service):
    with service() as running:
        return generator.measure(running, load)
