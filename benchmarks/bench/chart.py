"""The growth of costs as log-log lines, drawn as SVG by hand: one panel for each axis."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from .record import Growth

WIDTH, HEIGHT = 210, 230
"""Of a panel, in pixels."""
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 46, 36
COLOURS = {"verify": "#1f6feb", "reference": "#9a6700"}
"""Of the lines; both are told apart by their marks, too."""
STYLE = (
    "text{font:11px system-ui,sans-serif;fill:#1f2328}.t{font-weight:600}"
    ".g{stroke:#d0d7de}.l{fill:none;stroke-width:1.6}"
)


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Slope of the log-log line through the larger half of the sizes: 1 is linear, 2 quadratic.

    Raises:
        ValueError: there are fewer than two.
    """
    half = len(sizes) // 2 if len(sizes) > 2 else 0
    xs, ys = ([math.log(v) for v in column[half:]] for column in (sizes, values))
    if len(xs) < 2:
        raise ValueError(f"no slope goes through {len(xs)} point; measure two sizes at least.")
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    covariance = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True))
    return covariance / sum((x - x_mean) ** 2 for x in xs)


def drawing(growths: Sequence[Growth]) -> str:
    """The whole picture."""
    width = WIDTH * len(growths)
    parts = [part for n, growth in enumerate(growths) for part in _panel(growth, n * WIDTH)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" '
            f'width="{width}" height="{HEIGHT}" role="img">',
            f"<title>{_title(growths)}</title>",
            f"<style>{STYLE}</style>",
            f'<rect width="{width}" height="{HEIGHT}" fill="#ffffff"/>',
            *parts,
            "</svg>\n",
        ]
    )


def _title(growths: Sequence[Growth]) -> str:
    """What the picture says, for who cannot see it."""
    told = (f"{g.axis} {exponent(g.sizes, g.verify):.2f}" for g in growths)
    return "Cost of verify and of the reference in milliseconds; exponents of verify: " + ", ".join(
        told
    )


def _panel(growth: Growth, left: int) -> Iterator[str]:
    lines = {"verify": growth.verify, "reference": growth.reference}
    every = [v for values in lines.values() for v in values]
    low, high = (
        10.0 ** math.floor(math.log10(min(every))),
        10.0 ** math.ceil(math.log10(max(every))),
    )
    high = high if high > low else 10.0 * low

    def x(size: float) -> float:
        first, last = growth.sizes[0], growth.sizes[-1]
        part = math.log(size / first) / math.log(last / first)
        return left + LEFT + 6 + part * (WIDTH - LEFT - RIGHT - 12)

    def y(value: float) -> float:
        part = math.log(value / low) / math.log(high / low)
        return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)

    yield f'<text class="t" x="{left + LEFT}" y="16">ms over {growth.axis}</text>'
    for power in range(round(math.log10(low)), round(math.log10(high)) + 1):
        height = f"{y(10.0**power):.1f}"
        yield (
            f'<line class="g" x1="{left + LEFT}" x2="{left + WIDTH - RIGHT}" '
            f'y1="{height}" y2="{height}"/>'
        )
        yield f'<text x="{left + LEFT - 4}" y="{height}" text-anchor="end">{10.0**power:g}</text>'
    for size in growth.sizes:
        yield f'<text x="{x(size):.1f}" y="{HEIGHT - 18}" text-anchor="middle">{size}</text>'
    for place, (name, values) in enumerate(lines.items()):
        points = [(x(s), y(v)) for s, v in zip(growth.sizes, values, strict=True)]
        yield from _line(name, points)
        slope = exponent(growth.sizes, values)
        yield (
            f'<text x="{left + LEFT}" y="{28 + 12 * place}" style="fill:{COLOURS[name]}">'
            f"{name}: exponent {slope:.2f}</text>"
        )


def _line(name: str, points: Sequence[tuple[float, float]]) -> Iterator[str]:
    """A line through points with their marks: circles for `verify`, squares for the reference."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    yield f'<polyline class="l" stroke="{COLOURS[name]}" points="{path}"/>'
    for x, y in points:
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{COLOURS[name]}"/>'
            if name == "verify"
            else f'<rect x="{x - 3:.1f}" y="{y - 3:.1f}" width="6" height="6" '
            f'fill="{COLOURS[name]}"/>'
        )
