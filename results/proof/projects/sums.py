"""An example project: sums in words, as people type them, read, worked out and written again."""
# ruff: noqa: ARG002, FURB136, RET504 - plain code with locals, as people write it and as edits need it

import operator
from dataclasses import dataclass

SIGNS = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 3}
ACTIONS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "^": operator.pow}


@dataclass
class Token:
    kind: str
    text: str


class Node:
    def __init__(self, sign, left, right):
        self.sign = sign
        self.left = left
        self.right = right

    def value(self, names):
        left = self.left.value(names)
        right = self.right.value(names)
        action = ACTIONS[self.sign]
        return action(left, right)

    def depth(self):
        left = self.left.depth()
        right = self.right.depth()
        return 1 + (left if left > right else right)

    def written(self):
        left = self.left.written()
        right = self.right.written()
        return "(" + left + " " + self.sign + " " + right + ")"


class Number:
    def __init__(self, text):
        self.number = float(text)

    def value(self, names):
        number = self.number
        return number

    def depth(self):
        depth = 0
        return depth

    def written(self):
        number = self.number
        return f"{number:g}"


class Name:
    def __init__(self, text):
        self.text = text

    def value(self, names):
        found = names.get(self.text, 1.0)
        return found

    def depth(self):
        depth = 0
        return depth

    def written(self):
        text = self.text
        return text


def kind_of(sign):
    if sign.isdigit() or sign == ".":
        kind = "number"
    elif sign.isalpha() or sign == "_":
        kind = "name"
    elif sign in SIGNS:
        kind = "sign"
    else:
        kind = "bracket"
    return kind


def word(text, start, kind):
    end = start
    length = len(text)
    while end < length and kind_of(text[end]) == kind:
        end += 1
    return text[start:end]


def skip(text, place):
    length = len(text)
    while place < length and text[place] == " ":
        place += 1
    return place


def tokens(text):
    found = []
    place = skip(text, 0)
    while place < len(text):
        kind = kind_of(text[place])
        part = word(text, place, kind) if kind in ("number", "name") else text[place]
        found.append(Token(kind, part))
        place = skip(text, place + len(part))
    return found


class Parser:
    def __init__(self, found):
        self.tokens = found
        self.place = 0

    def peek(self):
        place = self.place
        return self.tokens[place] if place < len(self.tokens) else None

    def take(self):
        token = self.tokens[self.place]
        self.place += 1
        return token

    def strength(self):
        token = self.peek()
        known = token is not None and token.kind == "sign"
        return SIGNS[token.text] if known else 0

    def single(self):
        token = self.take()
        if token.kind == "bracket":
            inner = self.sum(1)
            self.take()
            return inner
        return leaf(token)

    def sum(self, weakest):
        left = self.single()
        strength = self.strength()
        while strength >= weakest:
            sign = self.take()
            right = self.sum(strength + 1)
            left = Node(sign.text, left, right)
            strength = self.strength()
        return left


def leaf(token):
    kind = token.kind
    text = token.text
    return Number(text) if kind == "number" else Name(text)


def read(text):
    found = tokens(text)
    parser = Parser(found)
    return parser.sum(1)


def report(text, names):
    tree = read(text)
    value = tree.value(names)
    depth = tree.depth()
    written = tree.written()
    return f"{written} = {value:g} ({depth})"
