"""Whether the first match of a regular expression, which Python takes, is the longest one, which ONNX Runtime's Tokenizer takes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from converter_sklearn.families.feature_extraction.expressions import Choice, Node, NotTranslated, One, Repeat, Row, sets

_MOST = 4000  # steps of a program, and sets of places in it
_MOST_SETS = 60


@dataclass
class _Program:
    """A tree as steps (Thompson 1968, Pike's order): a set of characters to read, or places to go on at, the preferred first; () is the match."""

    numbers: dict[bytes, int]
    steps: list[int | tuple[int, ...]] = field(default_factory=list)

    def add(self, node: Node) -> None:
        """Add the steps of a tree, after which the next one follows."""
        if len(self.steps) > _MOST:
            raise NotTranslated("it is too large")
        if isinstance(node, One):
            self.steps.append(self.numbers[np.packbits(node.mask).tobytes()])
        elif isinstance(node, Row):
            for each in node.items:
                self.add(each)
        elif isinstance(node, Choice):
            self._add_choice(node)
        elif isinstance(node, Repeat):
            for _ in range(node.low):
                self.add(node.item)
            self._add_rest(node)

    def _add_choice(self, node: Choice) -> None:
        fork = self._reserve()
        starts, ends = [], []
        for each in node.items:
            starts.append(len(self.steps))
            self.add(each)
            ends.append(self._reserve())
        self.steps[fork] = tuple(starts)
        for end in ends:
            self.steps[end] = (len(self.steps),)

    def _add_rest(self, node: Repeat) -> None:
        """Add what may follow the least number of repetitions."""
        forks = []
        for _ in range(1 if node.high is None else node.high - node.low):
            forks.append(self._reserve())
            self.add(node.item)
        if node.high is None:
            self.steps.append((forks[0],))
        for fork in forks:
            ways = (fork + 1, len(self.steps))
            self.steps[fork] = ways if node.greedy else ways[::-1]

    def _reserve(self) -> int:
        self.steps.append(())
        return len(self.steps) - 1

    def reached(self, places: list[int]) -> tuple[int, ...]:
        """Return the reading steps, and the match, that places lead to, in the order of preference."""
        found: dict[int, None] = {}
        seen: set[int] = set()
        waiting = places[::-1]
        while waiting:
            place = waiting.pop()
            if place in seen:
                continue
            seen.add(place)
            step = self.steps[place]
            if isinstance(step, int) or not step:
                found[place] = None
            else:
                waiting.extend(step[::-1])
        return tuple(found)


def is_longest(node: Node) -> bool:
    """Tell whether the preferred match is always the longest: no text leads to a match that is preferred to something still unfinished.

    Raises NotTranslated for a tree that is too large to tell.
    """
    masks = {np.packbits(mask).tobytes(): mask for mask in sets(node)}
    if len(masks) > _MOST_SETS:
        raise NotTranslated("it is too large")
    kinds = np.unique(sum(mask.astype(np.int64) << place for place, mask in enumerate(masks.values())))
    program = _Program({key: place for place, key in enumerate(masks)})
    program.add(node)
    match = len(program.steps)
    program.steps.append(())
    waiting, seen = [program.reached([0])], set()
    while waiting:
        places = waiting.pop()
        if places in seen:
            continue
        seen.add(places)
        if match in places[:-1]:
            return False
        if len(seen) > _MOST:
            raise NotTranslated("it is too large")
        reading = [place for place in places if place != match]
        waiting.extend(program.reached([place + 1 for place in reading if kind >> program.steps[place] & 1]) for kind in kinds.tolist())
    return True
