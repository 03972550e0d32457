"""Sections as text for the terminal and as Markdown for the README."""


def plain(section):
    return "\n".join([section.title, *("  " + line for line in aligned(section)), *("  " + note for note in section.notes)])


def aligned(section):
    rows = [section.columns, *section.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(section.columns))]
    for row in rows:
        first, *rest = zip(row, widths)
        yield "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)])


def markdown(section):
    lines = [f"### {section.title}", "", line(section.columns), line(["---", *["---:"] * (len(section.columns) - 1)])]
    return "\n".join([*lines, *map(line, section.rows), *(f"\n{note}" for note in section.notes), ""])


def line(cells):
    return "| " + " | ".join(cells) + " |"


def verdicts(targets):
    for target in targets:
        yield ("PASS  " if target.met else "MISS  ") + target.text()
