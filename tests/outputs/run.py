"""Outputs against the real receivers: Prometheus, InfluxDB 1 and an OpenTelemetry receiver.

`make test-outputs` runs it; it is not part of `make test`, since it installs packages (Debian's
prometheus and influxdb, PyPI's opentelemetry-proto and grpcio) and so needs the network. Each receiver listens
on a free port of 127.0.0.1, gets the results of one run, and is then asked what it holds: it must be
what the run's own summary says.
"""

import concurrent.futures
import http.server
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

import grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc

E2E = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "target/debug/e2e")
SCRIPT = """
local U = HttpUser:extend("U", { wait_time = constant(0.05) })
local orders = metrics.counter("orders")
U:task("a", function(self)
  local response = self.client:get("/ready", { name = "ready, \\"steady\\"=go" })
  check(response, { ["is ok"] = function(r) return r.status_code == 200 end })
  group("pay", function() self.client:get("/v1beta/collections/c/documents/none", { name = "missing" }) end)
  orders:add(2, { plan = "gold" })
end)
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read().decode()


def until(what, ask, seconds=30):
    end = time.time() + seconds
    while True:
        try:
            found = ask()
            if found:
                return found
        except OSError:
            pass
        if time.time() > end:
            raise SystemExit(f"FAILED: {what}")
        time.sleep(0.2)


def expect(what, got, wanted):
    if got != wanted:
        raise SystemExit(f"FAILED: {what}: {got!r}, but the run says {wanted!r}")
    print(f"ok: {what}: {got}")


class Collector(http.server.BaseHTTPRequestHandler):
    """OTLP over HTTP: keeps what came last."""

    last = None

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/metrics" and self.headers["Content-Type"] == "application/x-protobuf":
            Collector.last = metrics_service_pb2.ExportMetricsServiceRequest.FromString(body)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(metrics_service_pb2.ExportMetricsServiceResponse().SerializeToString())

    def log_message(self, *_):
        pass


class GrpcCollector(metrics_service_pb2_grpc.MetricsServiceServicer):
    last = None
    key = None

    def Export(self, request, context):
        GrpcCollector.last = request
        GrpcCollector.key = dict(context.invocation_metadata()).get("api-key")
        return metrics_service_pb2.ExportMetricsServiceResponse()


def otlp_sums(request):
    """The sums over all points of each metric that is one, and the counts of histograms."""
    sums = {}
    for resource in request.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                if metric.HasField("sum"):
                    sums[metric.name] = sum(point.as_double for point in metric.sum.data_points)
                if metric.HasField("histogram"):
                    points = metric.histogram.data_points
                    assert all(sum(point.bucket_counts) == point.count for point in points), metric.name
                    sums[metric.name] = sum(point.count for point in points)
    return sums


def run(folder, outputs, variables=None):
    """One run to all of these; its summary."""
    script, summary = os.path.join(folder, "s.lua"), os.path.join(folder, "summary.json")
    with open(script, "w") as file:
        file.write(SCRIPT)
    command = [E2E, "-f", script, "-u", "4", "-r", "100", "-t", "4s", "--summary-export", summary, "--only-summary"]
    for output in outputs:
        command += ["--out", output]
    environment = {**os.environ, **(variables or {})}
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    told = ended.stdout + ended.stderr
    if "not delivered" in told or "not taken" in told or not os.path.exists(summary):
        raise SystemExit(f"FAILED: the run says\n{told}")
    with open(summary) as file:
        return json.load(file)["metrics"]


def main():
    folder = tempfile.mkdtemp(prefix="e2e-outputs-")
    os.makedirs(os.path.join(folder, "config"))
    with open(os.path.join(folder, "config", "local.yaml"), "w") as file:
        file.write("target: demo\n")
    processes = []
    try:
        prometheus, scraped, influx, rpc = free_port(), free_port(), free_port(), free_port()
        with open(os.path.join(folder, "prometheus.yml"), "w") as file:
            file.write(
                "scrape_configs:\n"
                f"  - {{job_name: e2e, scrape_interval: 1s, static_configs: [{{targets: ['127.0.0.1:{scraped}']}}]}}\n"
            )
        log = open(os.path.join(folder, "receivers.log"), "w")
        processes.append(subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
             f"--web.listen-address=127.0.0.1:{prometheus}", "--web.enable-remote-write-receiver"],
            stdout=log, stderr=log))
        with open(os.path.join(folder, "influxdb.conf"), "w") as file:
            file.write(
                f'reporting-disabled = true\nbind-address = "127.0.0.1:{rpc}"\n[meta]\ndir = "{folder}/i/meta"\n'
                f'[data]\ndir = "{folder}/i/data"\nwal-dir = "{folder}/i/wal"\n'
                f'[http]\nbind-address = "127.0.0.1:{influx}"\n')
        processes.append(subprocess.Popen(
            ["influxd", "-config", f"{folder}/influxdb.conf"], stdout=log, stderr=log))
        collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        grpc_server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
        metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(GrpcCollector(), grpc_server)
        grpc_port = grpc_server.add_insecure_port("127.0.0.1:0")
        grpc_server.start()
        until("prometheus is ready", lambda: get(f"http://127.0.0.1:{prometheus}/-/ready"))
        until("influxdb is ready", lambda: get(f"http://127.0.0.1:{influx}/query?q=SHOW%20DATABASES"))

        targets = f"http://127.0.0.1:{prometheus}/api/v1/targets"
        until("prometheus scrapes", lambda: json.loads(get(targets))["data"]["activeTargets"])

        said = run(folder, [
            f"prometheus-rw=http://127.0.0.1:{prometheus}/api/v1/write",
            f"prometheus=127.0.0.1:{scraped}",
            f"influxdb=http://127.0.0.1:{influx}/k6",
            f"otlp=http://127.0.0.1:{collector.server_port}",
            f"hdr={folder}/run.hlog",
        ])
        count = said["http_reqs"]["count"]

        def promql(query):
            query = urllib.parse.quote(query)
            found = json.loads(get(f"http://127.0.0.1:{prometheus}/api/v1/query?query={query}"))
            return [float(one["value"][1]) for one in found["data"]["result"]]

        # What was written has no `job`, what was scraped has.
        written = until("remote write is visible", lambda: promql('sum(k6_http_reqs_total{job=""})'))
        expect("prometheus, written: http_reqs", written, [float(count)])
        rate = promql('k6_http_req_failed_rate{job="",name="missing"}')
        expect("prometheus, written: all that is missing failed", rate, [1.0])
        named = promql('k6_http_reqs_total{job="",name="ready, \\"steady\\"=go"}')
        expect("prometheus, written: a name with quotes", named, [count / 2])
        tags = '{job="",status="404",expected_response="false",scenario="default",group="::pay",method="GET"}'
        expect("prometheus, written: by k6's tags", promql(f"sum(k6_http_reqs_total{tags})"), [count / 2])
        maximum = promql('max(k6_http_req_waiting_max{job=""})')
        expect("prometheus, written: waiting", [round(maximum[0] * 1000, 3)], [round(said["http_req_waiting"]["max"], 3)])
        page = promql('sum(last_over_time(k6_http_reqs_total{job="e2e"}[1m]))')
        if not page or not 0 < page[0] <= count:
            raise SystemExit(f"FAILED: prometheus scraped {page} of {count} requests")
        print(f"ok: prometheus, scraped: {page[0]:.0f} of {count} requests by the last scrape")

        def influxql(query):
            found = json.loads(get(f"http://127.0.0.1:{influx}/query?db=k6&q={urllib.parse.quote(query)}"))
            return found["results"][0]["series"][0]["values"][0][1]

        expect("influxdb: http_reqs", influxql('SELECT sum(value) FROM http_reqs'), count)
        expect("influxdb: durations", influxql('SELECT count(value) FROM http_req_duration'), count)
        where = "WHERE \"name\" = 'ready, \"steady\"=go'"
        expect("influxdb: a name with quotes", influxql(f"SELECT count(value) FROM http_reqs {where}"), count / 2)
        expect("influxdb: a group", influxql("SELECT count(value) FROM http_reqs WHERE \"group\" = '::pay'"), count / 2)
        expect("influxdb: own metric", influxql('SELECT sum(value) FROM orders'), said["orders"]["count"])

        sums = otlp_sums(Collector.last)
        expect("otlp over http: http_reqs", sums["http_reqs"], count)
        expect("otlp over http: durations", sums["http_req_duration"], count)
        expect("otlp over http: failed", sums["http_req_failed.occurred"], count / 2)
        name = {a.key: a.value.string_value for a in Collector.last.resource_metrics[0].resource.attributes}
        expect("otlp over http: service", name["service.name"], "e2e")

        said = run(folder, ["otlp"], {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{grpc_port}",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
            "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b",
        })
        sums = otlp_sums(GrpcCollector.last)
        expect("otlp over grpc: http_reqs", sums["http_reqs"], said["http_reqs"]["count"])
        expect("otlp over grpc: its headers", GrpcCollector.key, "a b")
        print("all receivers hold what the runs say")
    finally:
        for process in processes:
            process.terminate()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


main()
