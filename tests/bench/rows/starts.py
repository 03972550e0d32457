"""How fast VUs start, and how soon the first request is out."""

import socket
import time
from statistics import median

from generators import E2E_, K6_, LOCUST_, Load
from process import CORES, Process
from rows.memory import await_idle
from section import Section
from service import Service
from tools import E2E, SCRIPTS, Failed

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n" + b'{"status":"ready"}'


def rate(settings):
    """All at once: from the first connection to the last, each after `on_start` and with its first request."""
    section = Section("VUs started", ["script", "VUs", "s", "VUs/s", "CPU us/VU"])
    for ending, language in (("lua", "Lua"), ("rhai", "Rhai")):
        start(section, ending, language, settings.most)
    return section


def start(section, ending, language, count):
    with Service() as service:
        command = [E2E, "--script", SCRIPTS / f"start.{ending}", "--env", "local", "-H", service.url, "-u", count, "-r", 1000000]
        process = Process([*command, "-t", "1h", "--workers", 1, "--headless", "--only-summary"], CORES[1])
        try:
            started = until(service, process, 1)
            before = process.cpu()
            ended = until(service, process, count)
            await_idle(process, service, count)
            cpu = process.cpu() - before
        finally:
            process.kill()
    section.row(language, count, ended - started, count / (ended - started), cpu / count * 1e6)
    if ending == "lua":
        section.target("VUs started a second on one core", count / (ended - started), 5000, at_least=True)
    section.raw[language] = {"vus": count, "seconds": ended - started, "cpu": cpu}


def until(service, process, count, limit=60):
    """When that many connections are open."""
    deadline = time.monotonic() + limit
    while service.connections() < count:
        if time.monotonic() > deadline or not process.running():
            raise Failed(f"{service.connections():,} of {count:,} connected: {process.output().strip()[-400:]}")
        time.sleep(0.002)
    return time.monotonic()


def first(settings):
    """From the start of the process to the first byte of its first request."""
    section = Section("From process start to the first request", ["generator", "least ms", "median ms", "starts"])
    for generator, starts in [(E2E_, 20), (K6_, 3), (LOCUST_, 3)]:
        try:
            times = [time_to_request(generator) * 1000 for _ in range(starts)]
        except Failed as failure:
            section.notes.append(f"{generator.name}: {failure}")
            continue
        section.row(generator.name, min(times), median(times), starts)
        section.raw[generator.name] = times
        if generator is E2E_:
            section.target("first request after process start", median(times), 50, " ms")
    return section


def time_to_request(generator):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        service = Address(f"http://127.0.0.1:{listener.getsockname()[1]}")
        process = generator.start(service, Load("get", 1, 3600))
        try:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(20)
                connection.recv(1)
                return time.monotonic() - process.started
        except TimeoutError:
            raise Failed(f"no request in 20 s: {process.output().strip()[-400:]}") from None
        finally:
            process.kill()


class Address:
    """What a generator needs to know of a service."""

    def __init__(self, url):
        self.url = url
