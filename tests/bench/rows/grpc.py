"""What a unary call of gRPC costs, beside a client of tonic's that does nothing else, and k6; and an idle user."""

from functools import partial

from generators import E2E_, K6_GRPC, GrpcFloor
from rows.memory import idle_rss
from rows.throughput import compare
from section import Section
from service import Service
from tools import Failed, build_floor

COLUMNS = ["generator", "calls/s", "CPU us/call", "to tonic's", "peak MiB"]


def grpc(settings):
    section = Section("unary echo of a small message over gRPC, 50 connections, no think time", COLUMNS)
    program = build_floor()
    service = partial(Service, [program, "serve"])
    costs = compare(section, [E2E_, K6_GRPC], "echo", settings, GrpcFloor(program), service)
    if "e2e" in costs:
        section.target("a call from a Lua task, CPU to tonic's", costs["e2e"][1], 1.6)
        if "k6" in costs:
            section.target("a call from a Lua task, CPU to k6's", costs["e2e"][0] / costs["k6"][0], 0.25)
    count = min(settings.most, 1000)
    for generator in (E2E_, K6_GRPC):
        try:
            alone, together = (idle_rss(generator, each, 1, "echo_idle", service) for each in (1, count))
        except Failed as failure:
            section.notes.append(f"{generator.name} at {count:,} VUs: {failure}")
            continue
        section.raw[f"idle {generator.name}"] = {"alone_kib": alone, "together_kib": together}
        each = (together - alone) / (count - 1)
        section.notes.append(f"an idle connected VU of {generator.name}: {each:.1f} KiB, of {count:,}")
    return section
