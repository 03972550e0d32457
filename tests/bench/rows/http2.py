"""What a request and an idle user cost over HTTP/2, beside HTTP/1.1."""

from generators import E2E_, E2E_HTTP2, H2LOAD
from rows.memory import idle_rss
from rows.throughput import COLUMNS, compare
from section import Section


def http2(settings):
    section = Section("GET /ready over HTTP/2 by prior knowledge, 50 connections of one stream each, no think time", COLUMNS)
    costs = compare(section, [E2E_, E2E_HTTP2, H2LOAD], "get", settings)
    if E2E_.name in costs and E2E_HTTP2.name in costs:
        dearer = costs[E2E_HTTP2.name][0] / costs[E2E_.name][0]
        section.notes.append(f"HTTP/2 takes {dearer:.2f} times the CPU of HTTP/1.1 for a request")
    count = min(settings.most, 1000)
    each = [(idle_rss(of, count, 1) - idle_rss(of, 1, 1)) / (count - 1) for of in (E2E_, E2E_HTTP2)]
    section.notes.append(f"an idle user of the smoke suite: {each[0]:.1f} KiB over HTTP/1.1, {each[1]:.1f} KiB over HTTP/2")
    section.raw["idle_kib"] = each
    return section
