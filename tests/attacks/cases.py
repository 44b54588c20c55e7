# SPDX-License-Identifier: Apache-2.0
"""What a case of an attack is, and how it is judged.

A case has up to three functions. `prepare(world)` adds zones; `control(world)` shows that the attack works on something
that does not defend itself, and returns what it reached; `attack(world, resolver)` returns figures. A limit is judged
for weir alone; what the peers reach is printed beside it.
"""
import collections

Figure = collections.namedtuple("Figure", "name value limit least", defaults=(None, False))
Case = collections.namedtuple("Case", "key title prepare control attack settings")
ALL = []

MESSAGES_MAX = 100      # WR_REQUEST_SENDS_MAX


def case(key, title, prepare=None, control=None, **settings):
    """Registers the attack function below it. `settings` are weir's; secure=True: `prepare` makes world.identity, and all listen with it."""
    def register(attack):
        ALL.append(Case(key, title, prepare, control, attack, settings))
        return attack
    return register


def holds(figure):
    if figure.limit is None:
        return True
    return figure.value >= figure.limit if figure.least else figure.value <= figure.limit


def text(figure):
    value = f"{figure.value:.1f}" if isinstance(figure.value, float) else str(figure.value)
    bound = "" if figure.limit is None else f" ({'>=' if figure.least else '<='} {figure.limit})"
    return f"{figure.name} {value}{bound}"
