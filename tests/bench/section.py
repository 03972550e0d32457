"""What a row of the benchmark has to say: a table, the targets it is judged by, and the raw figures."""

from dataclasses import dataclass, field
from statistics import median


@dataclass
class Target:
    """A figure that the project has promised."""

    what: str
    value: float
    limit: float
    unit: str = ""
    at_least: bool = False

    @property
    def met(self):
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def text(self):
        bound = "at least" if self.at_least else "at most"
        return f"{self.what}: {number(self.value)}{self.unit} ({bound} {number(self.limit)}{self.unit})"


@dataclass
class Section:
    title: str
    columns: list
    rows: list = field(default_factory=list)
    targets: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    raw: dict = field(default_factory=dict)

    def row(self, *cells):
        self.rows.append([cell if isinstance(cell, str) else number(cell) for cell in cells])

    def target(self, what, value, limit, unit="", at_least=False):
        self.targets.append(Target(what, value, limit, unit, at_least))


def number(value):
    """Three digits that matter, thousands apart."""
    if value is None:
        return "-"
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def middle(samples, figure):
    """The median of a figure over the rounds."""
    return median(getattr(sample, figure) for sample in samples)
