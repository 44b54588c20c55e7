# SPDX-License-Identifier: Apache-2.0
"""Local zones that depend on who asks (local-zone-override, access-control-tag), as weir says the same.

Refusals and denials are rules for those clients. Where a tag gives a client the zone's own data, its address is a segment, and the data
a response policy zone for that segment; who has no tag of the zone is served as if there were none.
"""
VERDICTS = {"refuse": "refused", "always_refuse": "refused", "always_nxdomain": "nxdomain"}
ZONE = "tags.rpz."


def words(text):
    """The words of an option; what stands between quotes is one."""
    out, parts = [], text.split('"')
    for i, part in enumerate(parts):
        out += [part] if i % 2 else part.split()
    return out


def overrides(cfg):
    """(client, zone, action), in order."""
    found = [(net, zone, kind) for zone, net, kind in map(words, cfg.sc.opts("local-zone-override"))]
    tagged = {zone: set(tags.split()) for zone, tags in map(words, cfg.sc.opts("local-zone-tag"))}
    actions = {(net, tag): kind for net, tag, kind in map(words, cfg.sc.opts("access-control-tag-action"))}
    for net, tags in map(words, cfg.sc.opts("access-control-tag")):
        for zone, own in tagged.items():
            both = [tag for tag in tags.split() if tag in own]
            if both:
                found.append((net, zone, next((actions[net, t] for t in both if (net, t) in actions), "data")))
    return found


def rules(cfg):
    return [{"name": f"client{i}", "clients": [net], "domains": [zone], "verdict": VERDICTS[kind]}
            for i, (net, zone, kind) in enumerate(overrides(cfg)) if kind in VERDICTS]


def segments(cfg):
    nets = [net for net, _, kind in overrides(cfg) if kind == "data"]
    return [{"name": "tagged", "subnets": nets}] if nets else []


def zone(cfg):
    """The data of tagged zones as the text of a policy zone; "": there is none for anybody."""
    if not segments(cfg):
        return ""
    records = [t.strip().strip("'").replace(" IN ", " ", 1) for t in cfg.sc.opts("local-data")]
    return "".join(f"{owner.rstrip('.')} {rest}\n" for owner, rest in (r.split(" ", 1) for r in records))


def is_by_client(cfg):
    return bool(cfg.sc.opts("access-control-tag"))


def lacks(cfg):
    known = set(VERDICTS) | {"data", "always_transparent"}
    return ["an action of a local zone that is not known here"] if any(k not in known for _, _, k in overrides(cfg)) else []
