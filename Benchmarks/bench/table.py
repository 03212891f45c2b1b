"""Rows with their bars, as a table for people and as JSON."""

from dataclasses import asdict, dataclass


@dataclass
class Row:
    """One line: what was measured at each place, and the factor that its bar is about."""

    what: str
    unit: str = ""
    native: float | None = None
    qemu: float | None = None
    viv: float | None = None
    # Held against the bar: how many times faster than the peer; for a ceiling, the share of its time.
    factor: float | None = None
    bar: float | None = None
    # The bar is a ceiling for the factor rather than a floor.
    ceiling: bool = False
    # Compared with the bar in place of the factor: rows without a peer, such as megabytes.
    absolute: bool = False
    error: str = ""

    @property
    def verdict(self):
        if self.error:
            return f"FAILED: {self.error}"
        value = self.viv if self.absolute else self.factor
        if self.bar is None or value is None:
            return ""
        return "met" if (value <= self.bar if self.ceiling else value >= self.bar) else "missed"

    def cells(self):
        slow = [self.qemu / self.native if self.native and self.qemu else None]
        slow.append(self.viv / self.native if self.native and self.viv else None)
        bar = "" if self.bar is None else f"{'≤' if self.ceiling else '≥'} {number(self.bar)}"
        bar += "" if self.bar is None else f" {self.unit}" if self.absolute else " ×"
        values = [number(value) for value in (self.native, self.qemu, self.viv, *slow, self.factor)]
        return [self.what, self.unit, *values, bar, self.verdict]


def number(value):
    if value is None:
        return ""
    if value >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


HEAD = ["", "unit", "native", "QEMU", "viv", "QEMU/native", "viv/native", "factor", "bar", ""]


def text(rows):
    lines = [HEAD] + [row.cells() for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    left = {0, 1, 8, 9}
    printed = []
    for line in lines:
        cells = [
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths))
        ]
        printed.append("  ".join(cells).rstrip())
    printed.insert(1, "-" * max(map(len, printed)))
    return "\n".join(printed)


def objects(rows):
    return [dict(asdict(row), verdict=row.verdict) for row in rows]
