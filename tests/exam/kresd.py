# SPDX-License-Identifier: Apache-2.0
"""Knot Resolver's policy modules as weir says the same: routes, and a response policy zone.

policy.suffix, suffix_common and pattern with DENY and TC become names of the zone with all below them, FORWARD a route; renumber becomes
an address of the zone for each one of the network. What is not known here is told, and the scenario is not run.
"""
import ipaddress
import re

ZONE = "kresd.rpz."
ACTIONS = {"policy.DENY": ".", "policy.TC": "rpz-tcp-only."}

# What its workarounds module asks in small letters (DNS-OARC's dns-violations 2017, 3 and 6).
SMALL = """avqs.mcafee.com avts.mcafee.com cdnga.com cdngc.com cdngd.com cdngl.com cdngm.com cdngc.net panthercdn.com
magazine-fashion.net""".split()


def in_small_letters(cfg):
    """Names that are asked in small letters."""
    return SMALL if any(re.search(r"workarounds\s*=\s*true", text) for text in cfg.sc.opts("features")) else []


def pattern_names(text):
    r"""'\8example[0-8]\2cz': labels with their length, and at most one class of single characters."""
    labels = re.findall(r"\\\d+([^\\]+)", text)
    ranges = re.findall(r"\[(.)-(.)\]", text)
    if not labels or len(ranges) > 1 or "[" in re.sub(r"\[.-.\]", "", text):
        return []
    name = ".".join(labels)
    if not ranges:
        return [name]
    first, last = ranges[0]
    return [name.replace(f"[{first}-{last}]", chr(c)) for c in range(ord(first), ord(last) + 1)]


def rule(text):
    """One line of a feature-list: (names, action); names None: all. Nothing known: None."""
    m = re.search(r"policy\.(all|suffix|suffix_common|pattern)\((policy\.\w+)(?:\('([^']+)'\))?(.*)\)", text)
    if not m:
        return None
    kind, action, to, rest = m.groups()
    quoted = re.findall(r"'([^']+)'", rest)
    if kind == "all":
        names = None
    elif kind == "pattern":
        names = pattern_names(quoted[0]) if quoted else []
    else:
        names = quoted if kind == "suffix" else re.findall(r"'([^']+)'", rest.split("}")[0])
    if names == [] or (action not in ACTIONS and not (action == "policy.FORWARD" and to and names)):
        return None
    return names, action, to


def rules(cfg):
    return [rule(text) for text in cfg.sc.opts("feature-list")]


def renumbers(cfg):
    """(network, first address of the other) of the renumber module."""
    values = dict(re.findall(r"(renumber_\w+)\s*=\s*([^;\s]+)", "; ".join(cfg.sc.opts("features"))))
    if "renumber_src" not in values:
        return []
    return [(ipaddress.ip_network(values["renumber_src"]), ipaddress.ip_address(values["renumber_dst"]))]


def zone(cfg):
    """The text of the zone, or "" when there is nothing for it."""
    lines = []
    for r in rules(cfg):
        if r and r[1] in ACTIONS:
            for name in r[0] or []:
                lines += [f"{name.rstrip('.')} CNAME {ACTIONS[r[1]]}"]
            lines += [f"*.{name.rstrip('.')} CNAME {ACTIONS[r[1]]}" for name in r[0] or []]
            lines += [f"* CNAME {ACTIONS[r[1]]}"] if r[0] is None else []
    for network, other in renumbers(cfg):
        for i, address in enumerate(network):
            backwards = ".".join(reversed(str(address).split(".")))
            lines.append(f"32.{backwards}.rpz-ip A {other + i}")
    return "".join(f"{line}\n" for line in lines)


def forwards(cfg):
    """(name, server) of FORWARD."""
    return [(name, r[2]) for r in rules(cfg) if r and r[1] == "policy.FORWARD" for name in r[0]]


def lacks(cfg):
    return ["a policy of kresd that is not known here"] if None in rules(cfg) else []
