"""What many tests of a file begin with is done once; the next test finds what it left behind.

    @kept
    def live(self, **terms): ...

The first steps of a test, one kept method after the other, are known by their names and arguments. Where an earlier test of
the file began with the same ones, its rows are put back and its answer is given again, instead of doing it all anew. This
ends with the first thing that a test does by itself: from there on everything is really done. A test that patches something
(`monkeypatch`) begins with nothing kept.
"""

from __future__ import annotations

import copy
import functools
import itertools
import pickle
from collections.abc import Callable, Hashable
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from app.database import Base
from tests.emptying import SharedDatabase

if TYPE_CHECKING:
    from tests.builders import World

P = ParamSpec("P")
Self = TypeVar("Self")
Answer = TypeVar("Answer")


@dataclass
class Beginning:
    """How a test began so far: its steps, and the last transaction of the server after them."""

    shared: SharedDatabase
    steps: tuple[Hashable, ...]
    moment: int

    def follows(self) -> bool:
        """Whether nobody has written since the last step."""
        return self.moment == self.shared.moment()


def kept(method: Callable[Concatenate[Self, P], Answer]) -> Callable[Concatenate[Self, P], Answer]:
    """For a method of `World`, or of what has a `world`, whose answer and doing depend on nothing but what was done before."""

    @functools.wraps(method)
    def once(self: Self, *args: P.args, **kwargs: P.kwargs) -> Answer:
        world: World = getattr(self, "world", self)  # type: ignore[arg-type]
        beginning, world.beginning = world.beginning, None
        if beginning is None or not beginning.follows():
            return method(self, *args, **kwargs)
        try:
            step = (type(self).__qualname__, method.__name__, named(args), named(kwargs))
        except TypeError:
            return method(self, *args, **kwargs)
        steps, shared = (*beginning.steps, step), beginning.shared
        if (before := shared.put_back(steps)) is not None:
            number, answer = pickle.loads(before)
            world._numbers = itertools.count(number)
        else:
            world.beginning = copy.copy(beginning)
            answer = method(self, *args, **kwargs)
            shared.keep(steps, lambda: pickle.dumps((next(copy.copy(world._numbers)), answer)))
        world.beginning = Beginning(shared, steps, shared.moment())
        return answer

    return once


def named(value: Any) -> Hashable:
    """The same for what is the same. Raises TypeError for what has no name of its own."""
    if value is None or isinstance(value, (str, int, Decimal, date, timedelta, Enum)):
        return value
    if isinstance(value, Base):
        return type(value).__name__, value.id
    if isinstance(value, (tuple, list)):
        return tuple(named(one) for one in value)
    if isinstance(value, dict):
        return tuple((key, named(one)) for key, one in sorted(value.items()))
    if is_dataclass(value):
        return type(value).__name__, *(named(getattr(value, one.name)) for one in fields(value))
    raise TypeError
