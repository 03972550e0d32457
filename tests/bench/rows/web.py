"""What the page costs: CPU per request of the generator with the page open in two browsers, and without a page."""

import re
import threading
import time
import urllib.request

from generators import E2E_, E2e, Load
from section import Section
from service import Service
from tools import Failed


class E2eWeb(E2e):
    """The same run, started by --autostart, with the page open: each listener reads every second's figures."""

    name = "e2e, page open"
    listeners = 2

    def command(self, url, load, results):
        command = [part for part in super().command(url, load, results) if part != "--headless"]
        return [*command, "--web", "--web-port", 0, "--autostart", "--autoquit", 0]

    def start(self, service, load, *rest):
        process = super().start(service, load, *rest)
        threading.Thread(target=self.listen, args=[process], daemon=True).start()
        return process

    def listen(self, process):
        found, deadline = None, time.monotonic() + 10
        # Whether it still runs is the other thread's to ask.
        while not found and time.monotonic() < deadline:
            found = re.search(r"web interface: (http://\S+)", process.output())
            time.sleep(0.01)
        for _ in range(self.listeners if found else 0):
            threading.Thread(target=read, args=[found.group(1)], daemon=True).start()


def read(url):
    """As the page does: the whole once, then what happens until it is over."""
    try:
        with urllib.request.urlopen(url + "api/v1/events") as events:
            for line in events:
                if line == b"event: beat\n":
                    break
            urllib.request.urlopen(url + "api/v1/runs/current").read()
            for _ in events:
                pass
    except OSError:
        pass  # the run is over


def page(settings):
    section = Section(
        "GET /ready, 50 connections, no think time: with the page open against without a page",
        ["generator", "requests/s", "CPU us/request", "peak MiB"],
    )
    load = Load("get", seconds=max(settings.seconds, 5))
    generators = [E2E_, E2eWeb()]
    taken, ratios = {generator.name: [] for generator in generators}, []
    for _ in range(settings.rounds):
        samples = []
        for generator in [generators[0], generators[1], generators[0]]:
            with Service() as service:
                samples.append(generator.measure(service, load))
            taken[generator.name].append(samples[-1])
        before, with_page, after = samples
        ratios.append(with_page.cost / ((before.cost + after.cost) / 2))
    for name, samples in taken.items():
        if not samples:
            raise Failed(f"{name} was not measured")
        middle = sorted(samples, key=lambda sample: sample.cost)[len(samples) // 2]
        section.row(name, middle.per_second, middle.cost, middle.peak / 1024)
    section.target("the page open, CPU per request to that without", sorted(ratios)[len(ratios) // 2], 1.03)
    return section
