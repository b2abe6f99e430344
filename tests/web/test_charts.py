"""A chart draws the numbers that it is given, in colours of the style sheet and without any style of its own."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise

import pytest
from lxml import etree
from markupsafe import Markup

from app.web import charts

SVG = {"svg": "http://www.w3.org/2000/svg"}
DAYS = [date(2026, 9, day) for day in (1, 11, 21)]


def drawn(chart: Markup) -> etree._Element:
    return etree.fromstring(str(chart))


def words(chart: Markup) -> list[str]:
    return [str(one.text) for one in drawn(chart).iterfind(".//svg:text", SVG)]


def lengths(chart: Markup, kind: str, name: str) -> list[float]:
    return [
        float(one.get(name, "")) for one in drawn(chart).iterfind(f".//svg:g[@class='series {kind}']/svg:rect", SVG)
    ]


def test_bars_are_as_long_as_their_numbers_and_the_first_is_on_top() -> None:
    chart = charts.bars([("Ovens", 40), ("人员", 20), ("Nothing", 0)], most=100, amount=lambda one: f"{one}%")
    nothing, people, ovens = lengths(chart, "bars", "width")
    assert nothing == 0 and ovens == pytest.approx(2 * people, abs=0.02)
    tops = lengths(chart, "bars", "y")
    assert all(lower > higher for lower, higher in pairwise(tops))
    assert {"Ovens", "人员", "0%", "100%"} <= set(words(chart))


def test_a_loss_hangs_from_the_line() -> None:
    chart = charts.columns([("2025", -300), ("2026", 600)], least=-1000, most=1000, amount=str)
    loss, profit = lengths(chart, "columns", "height")
    assert profit == pytest.approx(2 * loss, abs=0.02)
    hangs, stands = lengths(chart, "columns", "y")
    assert hangs == pytest.approx(stands + profit, abs=0.02)


def test_lines_differ_by_their_dashes_and_levels_are_lines_across() -> None:
    points = list(zip(DAYS, (0, 300, 900), strict=True))
    chart = charts.lines({"Held": points}, {"Target": 400}, most=1000, on_day=date.isoformat, amount=str)
    held, target = drawn(chart).iterfind(".//svg:g[@class='series lines']/svg:path", SVG)
    assert held.get("stroke-dasharray") is None and target.get("stroke-dasharray")
    assert held.get("stroke") != target.get("stroke")
    _, _, height, _, _, height_at_the_end = target.get("d", "").split()
    assert height == height_at_the_end
    assert {"Held", "Target", "0", "400", "1000", "2026-09-01", "2026-09-21"} <= set(words(chart))


def test_one_day_alone_can_be_drawn() -> None:
    assert charts.lines({"Held": [(DAYS[0], 5)]}, {}, most=10, on_day=date.isoformat, amount=str)


def test_words_are_written_not_read() -> None:
    chart = charts.bars([("<script>alert(1)</script>", 1)], most=1, amount=str)
    assert "<script" not in chart and "<script>alert(1)</script>" in words(chart)


def test_nothing_is_styled_in_the_drawing() -> None:
    chart = charts.bars([("Ovens", 40)], most=100, amount=str)
    assert "style" not in chart and "<script" not in chart and "#" not in re.sub("&#\\d+;", "", chart)
    assert set(re.findall(r'fill="([^"]+)"', chart)) == {"none", "var(--chart-1)", "var(--ink-2)"}
