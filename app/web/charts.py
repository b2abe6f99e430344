"""Charts: drawn on the server by leather in colours of our style sheet. Each stands in a figure with a table of its numbers.

Drawn small, with few marks: on a phone at this size, on a desk half as large again. The words of the axes are the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from unicodedata import east_asian_width

import leather
from leather import theme
from markupsafe import Markup

Number = int | float | Decimal
#: In units of the drawing, which are pixels on a narrow phone.
WIDTH, HEIGHT, BAR, ROOM_RIGHT = 340, 220, 30, 30
COLOURS = [f"var(--chart-{number})" for number in range(1, 6)]
DASHES = ["none", "6 3", "2 3", "8 3 2 3", "1 4"]

theme.background_color = "none"
theme.margin = 0.03
theme.tick_color = "var(--line)"
theme.zero_color = "var(--field)"
theme.label_color = theme.legend_color = "var(--ink-2)"
theme.tick_font_family = theme.legend_font_family = "inherit"
theme.tick_font_size = theme.tick_font_char_height = theme.legend_font_size = theme.legend_font_char_height = 12
theme.tick_font_char_width = theme.legend_font_char_width = 7


def lines(
    series: Mapping[str, Sequence[tuple[date, Number]]],
    levels: Mapping[str, Number],
    *,
    most: Number,
    on_day: Callable[[date], str],
    amount: Callable[[Number], str],
) -> Markup:
    """How amounts went from day to day, from zero to the most, and the levels that they are measured by; each named in the key.

    Days of a series ascend. Several lines differ by their dashes, too, not by colour alone.
    """
    # The library's own scale of days cannot be one day long, so they are counted.
    days = [day.toordinal() for points in series.values() for day, _ in points]
    first, last = min(days), max(min(days) + 1, *days)
    chart = leather.Chart()
    chart.add_x_scale(first, last)
    chart.add_y_scale(0, most)
    chart.add_x_axis(ticks=[first, last], tick_formatter=lambda day, *_: on_day(date.fromordinal(day)))
    chart.add_y_axis(ticks=[0, *sorted({*levels.values(), most})], tick_formatter=lambda one, *_: amount(one))
    level_points = {name: [(first, level), (last, level)] for name, level in levels.items()}
    counted = {name: [(day.toordinal(), value) for day, value in points] for name, points in series.items()}
    for number, (name, points) in enumerate({**counted, **level_points}.items()):
        at = number % len(COLOURS)
        chart.add_line(points, name=name, stroke_color=COLOURS[at], stroke_dasharray=DASHES[at])
    return _drawn(chart, HEIGHT, [amount(most)])


def columns(
    points: Sequence[tuple[str, Number]], *, least: Number, most: Number, amount: Callable[[Number], str]
) -> Markup:
    """One column for each word, on the scale that the caller names: what is below zero hangs from the line."""
    chart = leather.Chart()
    chart.add_y_scale(min(least, 0), max(most, 0) or 1)
    chart.add_y_axis(ticks=sorted({least, 0, most}), tick_formatter=lambda one, *_: amount(one))
    chart.add_columns(list(points), fill_color=COLOURS[0])
    return _drawn(chart, HEIGHT, [amount(most)])


def bars(points: Sequence[tuple[str, Number]], *, most: Number, amount: Callable[[Number], str]) -> Markup:
    """One bar for each word, from zero to the most, the first on top."""
    chart = leather.Chart()
    chart.add_x_scale(0, most or 1)
    chart.add_x_axis(ticks=[0, most or 1], tick_formatter=lambda one, *_: amount(one))
    chart.add_bars([(value, word) for word, value in points], fill_color=COLOURS[0])
    return _drawn(chart, BAR * (len(points) + 1) + 20, [word for word, _ in points])


def _drawn(chart: leather.Chart, height: int, words: Iterable[str]) -> Markup:
    """As wide as its place; numbers with two decimals are exact enough.

    The library counts letters. It gets room for the wide ones on the left, and on the right for half of the last word below.
    """
    left = max((sum(4 for letter in word if east_asian_width(letter) in "WF") for word in words), default=0)
    room = f'viewBox="-{left} 0 {WIDTH + left + ROOM_RIGHT} {height}" aria-hidden="true" focusable="false"'
    svg = chart.to_svg(width=WIDTH, height=height)
    svg = svg.replace(f'width="{WIDTH}" height="{height}" version="1.1"', f'class="chart" {room}', 1)
    return Markup(re.sub(r"(\.\d\d)\d+", r"\1", svg))
