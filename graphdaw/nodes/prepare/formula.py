"""Formulas of `expression`: from a text to the steps that its kernel takes. Nothing of the text is ever executed."""

from __future__ import annotations

import ast
import functools
import math
import re
from typing import NamedTuple, NoReturn

OPS = (
    "add", "subtract", "multiply", "divide", "modulo", "power", "negate", "less", "at_most", "equal", "and", "or",
    "not", "if", "min", "max", "abs", "sign", "floor", "sqrt", "sin", "cos", "tan", "tanh", "exp", "log", "log2", "hz",
    "db", "noise", "phasor", "last", "smooth", "latch",
)  # fmt: skip
"""What a step can do, in the order of the kernel's list."""

FUNCTIONS = {
    "if": 3, "min": 2, "max": 2, "clip": 3, "mix": 3, "abs": 1, "sign": 1, "floor": 1, "ceil": 1, "round": 1, "frac": 1,
    "sqrt": 1, "sin": 1, "cos": 1, "tan": 1, "tanh": 1, "exp": 1, "log": 1, "log2": 1, "log10": 1, "pow": 2, "mod": 2,
    "hz": 1, "db": 1, "noise": 0, "phasor": 1, "last": 1, "smooth": 2, "latch": 2,
}  # fmt: skip
KEEPING = {"noise": 0, "phasor": 1, "last": 1, "smooth": 1, "latch": 2}  # words of state, which no two calls share
NAMES = {name: 32 + k for k, name in enumerate(("a", "b", "c", "d", "x", "y", "t", "prev"))}
CONSTANTS = {"pi": math.pi, "e": math.e}
FIRST_CONSTANT, MOST_CONSTANTS, REGISTERS, SLOTS, MOST_STEPS, LONGEST, DEEPEST = 64, 48, 24, 8, 200, 1000, 60

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<mark>\*\*|&&|\|\||[<>=!]=|[-+*/%^(),<>]))",
    re.ASCII,
)
_WRITTEN = {"^": "**", "&&": "and", "||": "or", "if": "if_"}
_BINARY = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.Mod: "modulo"}


class Step(NamedTuple):
    """One operation on operands: registers, what `NAMES` numbers, or constants; `slot` is the state it keeps."""

    op: int
    to: int
    a: int
    b: int
    c: int


class Formula(NamedTuple):
    """A formula as steps; `result` is the operand that holds its value."""

    steps: tuple[Step, ...]
    constants: tuple[float, ...]
    result: int
    feeds_back: bool
    tells_time: bool

    def words(self) -> list[float]:
        """As the kernel reads it: two counts, the result's place and flags; the constants; the steps."""
        flags = self.feeds_back + 2 * self.tells_time
        head = [float(len(self.steps)), float(len(self.constants)), float(self.result), float(flags)]
        return [*head, *self.constants, *(float(word) for step in self.steps for word in step)]


@functools.lru_cache(256)
def compiled(text: str) -> Formula:
    """The formula a text means; raises ValueError, naming the character and the way out."""
    return _Compiler(text).formula()


class _Compiler:
    """Reads one formula; values are numbered in the order they are worked out, equal ones only once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts: list[tuple[int, int]] = []  # of each token: where in the translation, where in the text
        self.values: dict[tuple[object, ...], int] = {}
        self.pending: list[tuple[str, tuple[int, ...]]] = []
        self.constants: list[float] = [0.0]
        self.slots = self.noises = 0
        self.feeds_back = self.tells_time = False

    def fault(self, at: int, reason: str) -> NoReturn:
        at = min(at, max(0, len(self.text.rstrip()) - 1))
        place = f"{self.text!r}" if len(self.text) <= 60 else "The formula"
        raise ValueError(f"{place}, character {at + 1}: {reason}.")

    def formula(self) -> Formula:
        if len(self.text) > LONGEST:
            raise ValueError(f"The formula has more than {LONGEST} characters; split it into two nodes.")
        try:
            tree = ast.parse(self.translation(), mode="eval")
        except SyntaxError as error:
            at = self.source(error.offset - 1 if error.offset else len(self.text) * 2)
            self.fault(at, f"{self.text[at : at + 12]!r} cannot be read; check brackets, commas and operators")
        except (RecursionError, MemoryError):
            self.fault(0, "it is nested too deeply; split it into two nodes")
        result = self.value(tree.body, 0)
        if len(self.pending) > MOST_STEPS:
            self.fault(0, f"it takes more than {MOST_STEPS} steps; split it into two nodes")
        return self.allotted(result)

    def translation(self) -> str:
        """The text in the words of Python's parser."""
        parts: list[str] = []
        at = length = 0
        stop = len(self.text.rstrip())
        while at < stop:
            match = _TOKEN.match(self.text, at)
            if match is None:
                at += len(self.text[at:]) - len(self.text[at:].lstrip())
                self.fault(at, f"{self.text[at]!r} means nothing here; use numbers, names, brackets and operators")
            token = match[match.lastgroup or 0]
            self.starts.append((length, match.end() - len(token)))
            parts.append(_WRITTEN.get(token, token))
            length += len(parts[-1]) + 1
            at = match.end()
        if not parts:
            self.fault(0, "it is empty; write a formula such as 'a * x'")
        return " ".join(parts)

    def source(self, column: int) -> int:
        """Where in the text a column of the translation comes from."""
        return max((source for start, source in self.starts if start <= column), default=0)

    # From the tree to values: numbers below 0 are constants, ~k the k-th; others the place among the steps or a name

    def value(self, node: ast.expr, depth: int) -> int:  # noqa: RET503  # the last line raises
        at = self.source(node.col_offset)
        if depth > DEEPEST:
            self.fault(at, "it is nested too deeply; split it into two nodes")
        match node:
            case ast.Constant(value=bool() | str() | bytes() | complex() | None):
                self.fault(at, "only numbers can stand there")
            case ast.Constant(value=int() | float() as number):
                return self.constant(float(number) if abs(number) < 1e9 else math.copysign(1e9, number))
            case ast.Name(id=name):
                return self.name(name, at)
            case ast.UnaryOp(op=op, operand=inner):
                value = self.value(inner, depth + 1)
                names: dict[type, str] = {ast.Not: "not", ast.USub: "negate"}
                return self.emit(names[type(op)], value) if type(op) in names else value
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return self.power(self.value(left, depth + 1), self.value(right, depth + 1))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return self.emit(_BINARY[type(op)], self.value(left, depth + 1), self.value(right, depth + 1))
            case ast.BoolOp(op=op, values=values):
                parts = [self.value(value, depth + 1) for value in values]
                return functools.reduce(functools.partial(self.emit, "and" if isinstance(op, ast.And) else "or"), parts)
            case ast.Compare(left=left, ops=ops, comparators=others):
                ends = [self.value(value, depth + 1) for value in (left, *others)]
                parts = [self.compare(op, x, y) for op, x, y in zip(ops, ends, ends[1:], strict=False)]
                return functools.reduce(functools.partial(self.emit, "and"), parts)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self.call("if" if name == "if_" else name, arguments, at, depth)
        self.fault(at, "that cannot be calculated; use numbers, names, functions and operators")

    def constant(self, number: float) -> int:
        if number not in self.constants:
            self.constants.append(number)
        if len(self.constants) > MOST_CONSTANTS:
            self.fault(0, f"it has more than {MOST_CONSTANTS - 1} different numbers; split it into two nodes")
        return ~self.constants.index(number)

    def name(self, name: str, at: int) -> int:
        if name in CONSTANTS:
            return self.constant(CONSTANTS[name])
        if name not in NAMES:
            known = ", ".join([*NAMES, *CONSTANTS])
            hint = f"write {name}(...), with its values in brackets" if name in FUNCTIONS else f"there are {known}"
            self.fault(at, f"{name!r} is no name; {hint}")
        self.feeds_back |= name == "prev"
        self.tells_time |= name == "t"
        return 1000 + NAMES[name]

    def call(self, name: str, arguments: list[ast.expr], at: int, depth: int) -> int:
        if name not in FUNCTIONS:
            self.fault(at, f"there is no function {name!r}; there are {', '.join(FUNCTIONS)}")
        if len(arguments) != FUNCTIONS[name]:
            self.fault(at, f"{name} has {len(arguments)} values in its brackets; give it {FUNCTIONS[name]}")
        values = [self.value(argument, depth + 1) for argument in arguments]
        if name in KEEPING:
            return self.keep(name, values, at)
        match name:
            case "clip":
                return self.emit("min", self.emit("max", *values[:2]), values[2])
            case "mix":
                return self.emit(
                    "add", values[0], self.emit("multiply", self.emit("subtract", values[1], values[0]), values[2])
                )
            case "ceil":
                return self.emit("negate", self.emit("floor", self.emit("negate", *values)))
            case "round":
                return self.emit("floor", self.emit("add", *values, self.constant(0.5)))
            case "frac":
                return self.emit("subtract", *values, self.emit("floor", *values))
            case "log10":
                return self.emit("multiply", self.emit("log2", *values), self.constant(math.log10(2)))
            case "pow":
                return self.power(*values)
            case "mod":
                return self.emit("modulo", *values)
        return self.emit(name, *values)

    def keep(self, name: str, values: list[int], at: int) -> int:
        """A step with state of its own, which equal calls do not share; the last operand is its number."""
        slot = self.slots if name != "noise" else self.noises
        self.slots += KEEPING[name]
        self.noises += name == "noise"
        if self.slots > SLOTS:
            self.fault(at, f"phasor, last, smooth and latch have {SLOTS} places, latch takes two; use two nodes")
        self.pending.append((name, (*values, 2000 + slot)))
        return len(self.pending) - 1

    def power(self, base: int, exponent: int) -> int:
        """Small whole powers are multiplied out."""
        if exponent < 0 and self.constants[~exponent] in (2.0, 3.0, 4.0):
            square = self.emit("multiply", base, base)
            return {2.0: square, 3.0: self.emit("multiply", square, base), 4.0: self.emit("multiply", square, square)}[
                self.constants[~exponent]
            ]
        return self.emit("power", base, exponent)

    def compare(self, op: ast.cmpop, x: int, y: int) -> int:
        match op:
            case ast.Lt():
                return self.emit("less", x, y)
            case ast.Gt():
                return self.emit("less", y, x)
            case ast.LtE():
                return self.emit("at_most", x, y)
            case ast.GtE():
                return self.emit("at_most", y, x)
            case ast.Eq():
                return self.emit("equal", x, y)
        return self.emit("not", self.emit("equal", x, y))

    def emit(self, op: str, *operands: int) -> int:
        if op in ("negate", "add", "subtract", "multiply") and all(operand < 0 for operand in operands):
            x, *rest = (self.constants[~operand] for operand in operands)
            y = rest[0] if rest else 0.0
            folded = {"negate": -x, "add": x + y, "subtract": x - y, "multiply": x * y}[op]
            return self.constant(min(max(folded, -1e9), 1e9))
        if (op, operands) not in self.values:
            self.values[op, operands] = len(self.pending)
            self.pending.append((op, operands))
        return self.values[op, operands]

    def allotted(self, result: int) -> Formula:
        """Values put into registers, each free again after its last use."""
        last = {result: len(self.pending)}
        for place, (_, operands) in reversed(list(enumerate(self.pending))):
            for operand in operands:
                last.setdefault(operand, place)
        free = list(range(REGISTERS))[::-1]
        homes: dict[int, int] = {}
        steps: list[Step] = []

        def place_of(operand: int) -> int:
            if operand < 0:
                return FIRST_CONSTANT + ~operand
            return operand % 1000 if operand >= 1000 else homes[operand]

        for place, (op, operands) in enumerate(self.pending):
            sources = [place_of(operand) for operand in operands]
            free += {homes[o] for o in operands if 0 <= o < 1000 and last[o] == place}
            if not free:
                self.fault(0, "it needs too many values at once; split it into two nodes")
            homes[place] = free.pop()
            if place not in last:
                free.append(homes[place])
            steps.append(Step(OPS.index(op), homes[place], *sources, *[FIRST_CONSTANT] * (3 - len(sources))))
        return Formula(tuple(steps), tuple(self.constants), place_of(result), self.feeds_back, self.tells_time)
