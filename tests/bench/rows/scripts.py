"""What scripts cost apart from requests: JSON against lua-cjson, computation against plain Lua."""

import re
from statistics import median

from process import CORES, Process
from section import Section
from tools import E2E, SCRIPTS, Failed

OPERATIONS = {
    "encode": "encode the smoke body",
    "build_encode": "build and encode it",
    "encode_nested": "encode a nested body",
    "decode": "decode the smoke answer",
}


def json(settings):
    section = Section("JSON of the smoke bodies", ["operation", "e2e us", "lua-cjson us", "ratio"])
    costs, ratios = compare("json", settings)
    for operation, what in OPERATIONS.items():
        section.row(what, *costs[operation], ratios[operation])
    for operation in ("encode", "decode"):
        section.target(f"JSON {operation} of the smoke bodies to lua-cjson's", ratios[operation], 1.5)
    section.raw = {"us": costs, "ratios": ratios}
    return section


def compute(settings):
    section = Section("Pure Lua computation, budgets on", ["what", "e2e ms", "lua5.4 ms", "ratio"])
    costs, ratios = compare("compute", settings)
    for operation, (ours, theirs) in costs.items():
        section.row(operation, ours / 1000, theirs / 1000, ratios[operation])
    section.notes.append("Debian's lua5.4 is another build of Lua: the ratio is information, not a target")
    section.raw = {"us": costs, "ratios": ratios}
    return section


def compare(script, settings):
    """({operation: (e2e us, plain us)}, {operation: ratio}), medians of interleaved rounds."""
    ours, theirs = [], []
    for _ in range(max(3, settings.rounds)):
        ours.append(figures(under_e2e(script)))
        theirs.append(figures(Process(["lua5.4", SCRIPTS / f"{script}_plain.lua"], CORES[1], {"LUA_PATH": f"{SCRIPTS}/?.lua"})))
    costs = {name: tuple(median(round_[name] for round_ in rounds) for rounds in (ours, theirs)) for name in ours[0]}
    ratios = {name: median(mine[name] / plain[name] for mine, plain in zip(ours, theirs)) for name in ours[0]}
    return costs, ratios


def under_e2e(script):
    command = [E2E, "--script", SCRIPTS / f"{script}.lua", "--env", "local", "-H", "http://127.0.0.1:9", "-u", 1, "-i", 1]
    return Process([*command, "--workers", 1, "--headless", "--only-summary"], CORES[1])


def figures(process):
    code, output = process.wait(), process.output()
    found = {name: float(cost) for name, cost in re.findall(r"bench (\w+) ([\d.]+)", output)}
    if code != 0 or not found:
        raise Failed(f"{process.command} ended with {code}: {output.strip()[-400:]}")
    return found
