"""What it costs whoever merges a run to add up one second of one process, and so how many processes a core can follow."""

import json

from process import CORES, run_on
from section import Section
from tools import build_bench


def merge(_settings):
    columns = ["names", "requests/s of a process", "bytes of a parcel", "us to merge it", "processes a core can follow"]
    section = Section("merging the parcels of 10,000 processes, one a second from each", columns)
    for case in json.loads(run_on(CORES[1], [build_bench("merge")])):
        follows = 1e6 / case["micros"]
        section.row(case["names"], case["requests"], case["bytes"], case["micros"], follows)
        section.raw[f"{case['names']} names"] = case
    return section
