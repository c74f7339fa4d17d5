"""Mutations of a file: bytes, one number, or one part of a JSON file; seeded."""

import json
import random
from collections.abc import Callable
from functools import cache
from typing import Any

NUMBERS = (-1, 0, 1, 2, 7, 63, 2**31 - 1, 2**31, -(2**31), 10**6, 10**30, 1e39, 1e-9, -0.5, 0.5)
OTHERS = ("", "x", None, True, [], {}, [[[]]], "9" * 40, "NaN", -1)


def mutate(content: bytes, rng: random.Random, *, is_json: bool) -> tuple[str, bytes]:
    """Return the kind of a mutation, and what it makes of a file."""
    kinds: list[Callable[[bytes, random.Random], bytes]] = [_bytes]
    if is_json:
        kinds += [_number, _number, _number, _part]
    kind = rng.choice(kinds)
    while (changed := kind(content, rng)) == content:
        pass
    return kind.__name__.strip("_"), changed


def _bytes(content: bytes, rng: random.Random) -> bytes:
    """Change, remove, add or move a few bytes, or cut the file."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randrange(len(data))
        what = rng.random()
        if what < 0.6:
            data[at] = rng.randrange(256)
        elif what < 0.75:
            del data[at : at + rng.choice((1, 2, 30))]
        elif what < 0.9:
            data[at:at] = rng.randbytes(rng.choice((1, 2, 30)))
        elif what < 0.97:
            other = rng.randrange(len(data))
            data[at : at + 20] = data[other : other + 20]
        else:
            del data[at:]
        if not data:
            break
    return bytes(data)


@cache
def _places(content: bytes, *, numbers: bool) -> list[tuple[Any, ...]]:
    """Return the path of every part of a JSON file, or of every number."""
    found: list[tuple[Any, ...]] = []
    left: list[tuple[tuple[Any, ...], Any]] = [((), json.loads(content))]
    while left:
        path, whole = left.pop()
        for key, each in whole.items() if isinstance(whole, dict) else enumerate(whole):
            if not numbers or _is_number(each):
                found.append((*path, key))
            if isinstance(each, dict | list):
                left.append(((*path, key), each))
    return found


def _at(value: Any, path: tuple[Any, ...]) -> tuple[Any, Any]:
    """Return the container that a path ends in, and the last key."""
    for key in path[:-1]:
        value = value[key]
    return value, path[-1]


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return value.lstrip("-").isdigit()
    return type(value) in (int, float)


def _number(content: bytes, rng: random.Random) -> bytes:
    """Give one number another value; half of the time one near it."""
    places = _places(content, numbers=True)
    if not places:
        return _bytes(content, rng)
    value = json.loads(content)
    whole, key = _at(value, rng.choice(places))
    before = whole[key]
    number = float(before) if isinstance(before, str) else before
    near = (number + 1, number - 1, -number, number * (1 + rng.choice((0.5, 0.05, 0.005, -0.01))))
    after = rng.choice(near if rng.random() < 0.5 else NUMBERS)
    if isinstance(before, int) and rng.random() < 0.9:
        after = int(after)
    whole[key] = str(int(after)) if isinstance(before, str) else after
    return json.dumps(value, ensure_ascii=False).encode()


def _part(content: bytes, rng: random.Random) -> bytes:
    """Remove, double, exchange or replace one part."""
    places = _places(content, numbers=False)
    if not places:
        return _bytes(content, rng)
    value = json.loads(content)
    whole, key = _at(value, rng.choice(places))
    what = rng.random()
    if what < 0.3:
        del whole[key]
    elif what < 0.5 and isinstance(whole, list):
        whole.insert(key, whole[key])
    elif what < 0.75:
        other, place = _at(value, rng.choice(places))
        whole[key], other[place] = json.loads(json.dumps((other[place], whole[key])))
    else:
        whole[key] = rng.choice(OTHERS)
    return json.dumps(value, ensure_ascii=False).encode()
