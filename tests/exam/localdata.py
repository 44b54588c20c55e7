# SPDX-License-Identifier: Apache-2.0
"""Names and addresses that are answered by what the owner says: unbound's local-zone, local-data, response-ip and private-address,
Knot Resolver's static hints, as weir's local zones and rules.

A zone of a kind that denies all of it is a rule, one that answers is a local zone. What is not known here is told, and not run.
"""
import re

import byclient

ZONES = {"static": "authoritative", "redirect": "authoritative", "transparent": "transparent", "inform": "transparent"}
NOTHING = {"nodefault", "always_transparent", "inform"}       # weir's special zones are off, and nobody is told
# Kinds that look at no data of theirs.
DENIALS = {"always_refuse": "refused", "always_nxdomain": "nxdomain", "always_nodata": "nodata", "always_deny": "drop"}
# Those that do are the same where there is none; to addresses of answers there never is.
EMPTY = {"refuse": "refused", "deny": "drop", "inform_deny": "drop"}


def option(cfg, key):
    return [byclient.words(text) for text in cfg.sc.opts(key)]


def kinds(cfg):
    """(zone, kind) in the order of the file."""
    return [(words[0], words[1]) for words in option(cfg, "local-zone")]


def record_of(text):
    return text.strip().strip("'").strip('"')


def is_below(owner, zone):
    return ("." + owner.rstrip(".") + ".").lower().endswith(("." + zone.rstrip(".") + ".").lower().replace("..", "."))


def data(cfg):
    """Records by the deepest zone that they are in; (zone or None, record)."""
    names = [zone for zone, _ in kinds(cfg)]
    out = []
    for text in cfg.sc.opts("local-data"):
        record = record_of(text)
        inside = [zone for zone in names if is_below(record.split()[0], zone)]
        out.append((max(inside, key=len, default=None), record))
    return out


def zones(cfg):
    """Local zones. A name that is in none is one of its own, which hides nothing."""
    if byclient.is_by_client(cfg):
        return []
    records = data(cfg)
    out = []
    for zone, kind in kinds(cfg):
        if kind in ZONES:
            own = [record for place, record in records if place == zone]
            if kind == "redirect":      # what stands at the zone is said for all below it
                own += ["*." + record for record in own]
            out.append({"zone": zone, "type": ZONES[kind], "records": own})
    alone = {}
    for place, record in records:
        if place is None:
            alone.setdefault(record.split()[0], []).append(record)
    for name, address in cfg.static_hints:
        kind = "AAAA" if ":" in address else "A"
        alone.setdefault(name, []).append(f"{name.rstrip('.')}. {kind} {address}")
    return out + [{"zone": name, "type": "transparent", "records": own} for name, own in alone.items()]


def rules(cfg):
    """Denials, and what may not stand in an answer."""
    out = []
    if not byclient.is_by_client(cfg):
        for zone, kind in kinds(cfg):
            if kind in DENIALS or kind in EMPTY:
                out.append({"domains": [zone], "verdict": {**DENIALS, **EMPTY}[kind]})
    for net, kind in ((words[0], words[1]) for words in option(cfg, "response-ip")):
        if kind not in NOTHING:
            out.append({"addresses": [net], "verdict": {**DENIALS, **EMPTY}[kind]})
    private = [words[0] for words in option(cfg, "private-address")]
    domains = [words[0] for words in option(cfg, "private-domain")]
    if private and domains:
        out.append({"domains": domains, "verdict": "allow"})
    if private:
        out.append({"addresses": private, "verdict": "nodata"})
    return [{"name": f"local{i}", **rule} for i, rule in enumerate(out)]


def lacks(cfg):
    reasons = []
    if byclient.is_by_client(cfg):
        return reasons
    for zone, kind in kinds(cfg):
        if kind not in ZONES and kind not in NOTHING and kind not in DENIALS and \
                (kind not in EMPTY or any(place == zone for place, _ in data(cfg))):
            reasons.append(f"a local zone of the kind {kind}")
    if any(re.search(r"\s(RRSIG|NSEC3)\s", record) for _, record in data(cfg)):
        reasons.append("local data that pretends to be signed")
    if any(words[1] not in NOTHING and words[1] not in DENIALS and words[1] not in EMPTY
           for words in option(cfg, "response-ip")) or cfg.sc.opts("response-ip-data"):
        reasons.append("a response-ip that is not known here")
    return reasons
