"""A life told as a table: which event takes what from which status to which."""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import Refused


@dataclass(frozen=True, slots=True)
class Move:
    event: str
    sources: tuple[str, ...]
    target: str


class StateMachine:
    """The whole life of one kind of thing. `initial` are the statuses it may be born in."""

    def __init__(self, name: str, initial: tuple[str, ...], moves: list[Move]) -> None:
        self.name = name
        self.initial = initial
        self.moves = tuple(moves)
        self._targets = {(source, move.event): move.target for move in moves for source in move.sources}
        listed = [(source, move.event) for move in moves for source in move.sources]
        if len(listed) != len(self._targets):
            raise ValueError(f"{name}: one event leads to two places")
        self.statuses = tuple(dict.fromkeys([*initial, *(s for move in moves for s in (*move.sources, move.target))]))
        moving = {source for source, _ in self._targets}
        self.terminal = frozenset(status for status in self.statuses if status not in moving)

    def allows(self, status: str, event: str) -> bool:
        return (status, event) in self._targets

    def next(self, status: str, event: str) -> str:
        """Return the status that `event` leads to.

        Raises Refused("illegal_move") when the table has no such row.
        """
        target = self._targets.get((status, event))
        if target is None:
            raise Refused("illegal_move", machine=self.name, status=status, event=event)
        return target

    def events_from(self, status: str) -> tuple[str, ...]:
        return tuple(event for source, event in self._targets if source == status)

    def to_mermaid(self) -> str:
        """The same table as a state diagram, for `ARCHITECTURE.md`."""
        lines = ["stateDiagram-v2"]
        lines += [f"    [*] --> {status}" for status in self.initial]
        lines += [f"    {source} --> {target}: {event}" for (source, event), target in self._targets.items()]
        return "\n".join(lines)
