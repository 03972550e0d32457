"""How late iterations begin at an arrival rate, on a generator that has time for them."""

import csv
import tempfile
from pathlib import Path

from process import CORES, Process
from section import Section
from service import Service
from tools import E2E, SCRIPTS, Failed

RATE = 5000  # a second
USERS = 100


def arrivals(settings):
    columns = ["iteration", "a second", "begun", "dropped", "median us", "p99 us", "p99.9 us", "most us"]
    section = Section("Lateness of iterations at an arrival rate, one worker", columns)
    for what, function in [("nothing", "nothing"), ("GET /ready", "ask")]:
        row = max((measure(function, settings) for _ in range(settings.rounds)), key=lambda row: -float(row["99%"]))
        begun = int(row["Count"])
        times = [float(row[head]) * 1000 for head in ("50%", "99%", "99.9%", "100%")]
        section.row(what, RATE, begun, RATE * settings.seconds - begun, *times)
        section.raw[what] = row
        if function == "nothing":
            section.target(f"p99 of lateness at {RATE:,} iterations a second", times[1], 1000, " us")
    section.notes.append("the best of the rounds: others on the machine only ever add to it")
    return section


def measure(function, settings):
    with Service() as service, tempfile.TemporaryDirectory() as folder:
        prefix = Path(folder) / "r"
        command = [E2E, "--script", SCRIPTS / "arrivals.lua", "--env", "local", "-H", service.url, "--workers", 1]
        command += ["--headless", "--only-summary", "--no-generator-check", "--csv", prefix]
        variables = {"RATE": str(RATE), "SECONDS": str(settings.seconds), "ARRIVAL_USERS": str(USERS), "EXEC": function}
        for name, value in variables.items():
            command += ["-e", f"{name}={value}"]
        process = Process(command, CORES[1])
        try:
            code = process.wait()
        finally:
            process.kill()
        if code != 0:
            raise Failed(f"e2e ended with {code}: {process.output().strip()[-400:]}")
        with Path(f"{prefix}_arrivals.csv").open() as file:
            return next(row for row in csv.DictReader(file) if row["Metric"] == "arrival_lateness")
