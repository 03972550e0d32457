"""The load generators: how each is called, and what it says it did."""

import json
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from process import CORES, Process
from tools import E2E, K6, LOCUST, SCRIPTS, Failed


@dataclass(frozen=True)
class Load:
    """What is asked of a generator; `script` names the files of that name in scripts/."""

    script: str
    users: int = 50
    seconds: float = 3
    tasks: int = 1  # of an idle user, before it falls asleep


@dataclass
class Sample:
    """What a generator did, and used, under one load."""

    requests: int
    seconds: float
    cpu: float  # s, from the first request on: the start of the program is another row
    start_cpu: float  # s, before the first request
    peak: int  # KiB

    @property
    def per_second(self):
        return self.requests / self.seconds

    @property
    def cost(self):
        """CPU of the generator per request, in us."""
        return self.cpu / self.requests * 1e6


class Generator:
    """One generator. `command` and `count` are what differs."""

    name = ""

    def command(self, url, load, results):
        raise NotImplementedError

    def environment(self, url, load):
        return {"HOST": url, "TASKS": str(load.tasks)}

    def count(self, output, results):
        """(requests, failures) of the run."""
        raise NotImplementedError

    def start(self, service, load, results=Path("/dev/null")):
        return Process(self.command(service.url, load, results), CORES[1], self.environment(service.url, load))

    def measure(self, service, load):
        """Runs the load to its end."""
        with tempfile.TemporaryDirectory() as folder:
            results = Path(folder) / "results.json"
            process = self.start(service, load, results)
            try:
                while process.running() and not service.asked():
                    time.sleep(0.002)
                start_cpu, peak = process.cpu(), 0
                deadline = time.monotonic() + load.seconds + 60
                while process.running():
                    peak = max(peak, process.memory("VmHWM"))
                    if time.monotonic() > deadline:
                        raise Failed(f"{self.name} does not end")
                    time.sleep(0.1)
            finally:
                process.kill()
            code, output = process.wait(), process.output()
            if code != 0:
                raise Failed(f"{self.name} ended with {code}: {output.strip()[-400:]}")
            requests, failures = self.count(output, results)
            if not requests:
                raise Failed(f"{self.name} got no answer in {load.seconds} s")
            if failures:
                raise Failed(f"{self.name}: {failures} of {requests} requests failed")
            return Sample(requests, load.seconds, process.cpu() - start_cpu, start_cpu, peak)


class Wrk(Generator):
    name = "wrk"

    def command(self, url, load, results):
        seconds = max(1, round(load.seconds))
        return ["wrk", "-t1", f"-c{load.users}", f"-d{seconds}s", "--timeout", "10s", f"{url}/ready"]

    def count(self, output, results):
        requests = int(re.search(r"(\d+) requests in", output).group(1))
        failed = sum(map(int, re.findall(r"(?:Non-2xx or 3xx responses:|connect|read|write|timeout) (\d+)", output)))
        return requests, failed


class E2e(Generator):
    name = "e2e"
    ending = "lua"

    def command(self, url, load, results):
        return [
            *(E2E, "--script", SCRIPTS / f"{load.script}.{self.ending}", "--env", "local", "-H", url),
            *("-u", load.users, "-r", max(1000, load.users), "-t", f"{load.seconds}s", "-e", f"TASKS={load.tasks}"),
            *("--workers", 1, "--headless", "--only-summary", "--json-file", results),
        ]

    def count(self, output, results):
        return count_locust(json.loads(results.read_text()))


class E2eRhai(E2e):
    """The same scripts in Rhai."""

    name = "e2e, Rhai"
    ending = "rhai"


class E2eHttp2(E2e):
    name = "e2e, HTTP/2"

    def command(self, url, load, results):
        return [*super().command(url, load, results), "-e", "HTTP2=prior_knowledge"]


class H2load(Generator):
    name = "h2load"

    def command(self, url, load, results):
        seconds = max(1, round(load.seconds))
        return ["h2load", "-t1", f"-c{load.users}", "-m1", f"-D{seconds}", f"{url}/ready"]

    def count(self, output, results):
        done, failed = re.search(r"(\d+) succeeded, (\d+) failed", output).groups()
        return int(done), int(failed)


class K6Generator(Generator):
    name = "k6"

    def command(self, url, load, results):
        return [
            *(K6, "run", "--quiet", "--no-usage-report", "--summary-export", results),
            *("--vus", load.users, "--duration", f"{load.seconds}s", SCRIPTS / f"{load.script}.k6.js"),
        ]

    def count(self, output, results):
        metrics = json.loads(results.read_text())["metrics"]
        return metrics["http_reqs"]["count"], metrics["http_req_failed"]["passes"]


class K6Grpc(K6Generator):
    def count(self, output, results):
        return json.loads(results.read_text())["metrics"]["iterations"]["count"], output.count("level=error")


class GrpcFloor(Generator):
    """A client of tonic's that does nothing but call; built by `tools.build_floor`."""

    name = "tonic"

    def __init__(self, program):
        self._program = program

    def command(self, url, load, results):
        return [self._program, url, load.users, load.seconds]

    def count(self, output, results):
        return int(re.search(r"(\d+) calls", output).group(1)), 0


class Locust(Generator):
    name = "locust"

    def command(self, url, load, results):
        return [
            *(LOCUST, "-f", SCRIPTS / f"{load.script}_locust.py", "-H", url, "--headless", "--loglevel", "ERROR"),
            *("-u", load.users, "-r", load.users, "-t", f"{load.seconds}s", "--only-summary"),
            *("--json-file", results.with_suffix("")),
        ]

    def count(self, output, results):
        return count_locust(json.loads(results.read_text()))


class Oha(Generator):
    name = "oha"

    def command(self, url, load, results):
        return ["oha", "--no-tui", "-c", load.users, "-z", f"{load.seconds}s", "--output-format", "json", f"{url}/ready"]

    def count(self, output, results):
        answers = json.loads(output)["statusCodeDistribution"]
        # What was under way at the end is counted as an error by oha: only answers tell.
        return sum(answers.values()), sum(count for code, count in answers.items() if code != "200")


def count_locust(entries):
    return sum(entry["num_requests"] for entry in entries), sum(entry["num_failures"] for entry in entries)


WRK, E2E_, K6_, LOCUST_, OHA = Wrk(), E2e(), K6Generator(), Locust(), Oha()
E2E_HTTP2, H2LOAD, E2E_RHAI, K6_GRPC = E2eHttp2(), H2load(), E2eRhai(), K6Grpc()
