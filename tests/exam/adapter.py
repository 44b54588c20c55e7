# SPDX-License-Identifier: Apache-2.0
"""weir for the shared scenario exam: a scenario's header as weir's YAML.

The runner makes one Adapter per scenario, inside that scenario's network namespace. SUPPORTS says what weir can
do today and nothing else; what it lacks is skipped with that reason. WEIR names the binary (tools/exam.sh sets it).
"""
import ipaddress
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import byclient  # noqa: E402
import kresd  # noqa: E402
import localdata  # noqa: E402

BIN = os.path.abspath(os.environ.get("WEIR", os.path.join(os.path.dirname(__file__), "../../build/weir")))

# Of access-control: who may ask, and who is told that he may not. What else there is (deny: silence) is not known here.
ADMIT, REFUSE = {"allow", "allow_snoop"}, {"refuse"}


def seconds(value):
    return f"{int(value)}s"


def url(address, scheme="udp"):
    address = address.split("@")[0]
    return f"{scheme}://[{address}]" if ":" in address else f"{scheme}://{address}"


class Adapter:
    name = "weir"
    fake_monotonic = True           # the cache counts in monotonic time: a clock jump has to move it too
    settle_after_start = 0.05
    start_timeout = 10
    SUPPORTS = set("""validation domain-insecure harden-algo-downgrade forward-root forward-zone stub-zone forward-first stub-first tcp-upstream cache-ttl-limits
    cache-negative-ttl-limits prefetch serve-stale nsid cookie chaos-identity tcp-keepalive ede cache-snoop query-localhost
    do-not-query-address caps-for-id dns64 nat64 forward-no-cache aggressive-nsec harden-below-nxdomain
    harden-below-nxdomain-off sentinel auth-zone zonemd rpz kresd-policy kresd-renumber_src
    kresd-renumber_dst acl-tags local-data discard-timeout harden-unverified-glue harden-unknown-additional harden-glue-off
    access-control disable-edns-do kresd-workarounds response-ip private-address error-reporting""".split())

    def version(self):
        return subprocess.run([BIN, "--version"], capture_output=True, text=True, check=False).stdout.strip()

    def lacks(self, cfg):
        """What this scenario needs beyond SUPPORTS."""
        reasons = kresd.lacks(cfg) + byclient.lacks(cfg) + localdata.lacks(cfg)
        if cfg.sc.opt("discard-timeout", "0") != "0":
            reasons.append("discard-timeout")           # weir answers until query_timeout: what 0 says
        if any(text.split()[1] not in ADMIT | REFUSE for text in cfg.sc.opts("access-control")):
            reasons.append("an access-control that is not known here")
        if cfg.sc.opt("dns64-ignore-aaaa"):
            reasons.append("names whose IPv6 addresses are ignored")
        if any(z["hosts"] for z in cfg.stubs + cfg.forwards):
            reasons.append("a server by its name")
        return reasons

    def allowed(self, cfg):
        """The prefixes that may ask: of access-control the longest one counts, and who is not named may."""
        nets = sorted(((ipaddress.ip_network(net, strict=False), kind) for net, kind in
                       (text.split()[:2] for text in cfg.sc.opts("access-control"))), key=lambda n: n[0].prefixlen)
        allowed = [ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")]
        for net, kind in nets:
            if kind in ADMIT:
                allowed.append(net)
                continue
            kept = [a for a in allowed if a.version != net.version or not a.subnet_of(net)]
            allowed = [part for a in kept for part in
                       (a.address_exclude(net) if a.version == net.version and net.subnet_of(a) else [a])]
        return [str(net) for net in dict.fromkeys(allowed)]

    def groups(self, cfg):
        """One group a stub or forward zone; what is left is found from the root."""
        scheme = "tcp" if cfg.sc.opt("tcp-upstream", "no") == "yes" else "udp"
        groups, routes, default = [], [], "recursion"
        for i, (name, server) in enumerate(kresd.forwards(cfg)):
            groups.append({"name": f"forward{i}", "servers": [url(server, scheme)]})
            routes.append({"zone": name, "group": f"forward{i}"})
        for i, zone in enumerate(cfg.stubs + cfg.forwards):
            stub = i < len(cfg.stubs)
            group = {"name": f"zone{i}", "servers": [url(a, scheme) for a in zone["addrs"]],
                     "authoritative": stub, "recurse_after": bool(zone.get("first")),
                     "cache": stub or cfg.sc.opt("forward-no-cache", "no") != "yes"}
            groups.append(group)
            if zone["name"] == "." and not stub:
                default = group["name"]
            else:
                routes.append({"zone": zone["name"], "group": group["name"]})
        return groups, routes, default

    def zones(self, cfg, d):
        """Zones that are asked, or answered from, in place of their servers: auth-zone, with the zone in a file."""
        def yes(zone, key, default):
            return zone.get(key, default) == "yes"
        zones, place = [], self.files(cfg, d)
        for block in cfg.sc.blocks("auth-zone"):
            zone = {key: value.strip('"') for key, value in block}
            up, down = yes(zone, "for-upstream", "yes"), yes(zone, "for-downstream", "yes")
            if not up and not down:
                continue        # unbound reads it then, and does nothing with it
            digest = "check" if yes(zone, "zonemd-check", "no") else "ignore"
            if yes(zone, "zonemd-reject-absence", "no"):
                digest = "require"
            if cfg.sc.opt("zonemd-permissive-mode", "no") == "yes":
                digest = "ignore"
            zones.append({"zone": zone["name"], "file": place(zone["zonefile"]), "zonemd": digest,
                          "use": "answers" if not up else "both" if down else "resolution",
                          "fallback": yes(zone, "fallback-enabled", "no")})
        return zones

    def policy(self, cfg, d):
        """Response policy zones in the order of the file."""
        zones, place = [], self.files(cfg, d)
        for block in cfg.sc.blocks("rpz"):
            zone = {key: value.strip('"') for key, value in block}
            override = zone.get("rpz-action-override", "none")
            rpz = {"zone": zone["name"], "file": place(zone["zonefile"]), "override": override,
                   "without_ra": zone.get("rpz-signal-nxdomain-ra", "no") == "yes"}
            if override == "cname":
                rpz["cname"] = zone["rpz-cname-override"]
            zones.append(rpz)
        text = kresd.zone(cfg)
        if text:
            path = os.path.join(d, "kresd.rpz")
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            zones.append({"zone": kresd.ZONE, "file": path})
        text = byclient.zone(cfg)
        if text:
            path = os.path.join(d, "tags.rpz")
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            zones.append({"zone": byclient.ZONE, "file": path, "segments": ["tagged"]})
        return {"rpz": zones, "rules": byclient.rules(cfg) + localdata.rules(cfg)}

    def files(self, cfg, d):
        """The scenario's files, with their places in what names them."""
        def place(text):
            return re.sub(r"@TMP:([^@]+)@", lambda m: os.path.join(d, f"file-{m.group(1)}"), text)
        for name, text in cfg.sc.tempfiles.items():
            with open(place(f"@TMP:{name}@"), "w", encoding="utf-8", errors="surrogateescape") as f:
                f.write(place(text))
        return place

    def recursion(self, cfg):
        never = [] if not cfg.do_not_query_localhost else ["127.0.0.0/8", "::1/128"]
        never += cfg.sc.opts("do-not-query-address")
        hints = [url(address) for _, address in cfg.root_hints] or ["udp://192.0.2.53"]
        return {"hints": list(dict.fromkeys(hints))[:32], "minimise": cfg.qmin, "never_ask": never}

    def dnssec(self, cfg):
        """No anchor unless one is given; SHA-1 counts, for half of the scenarios are signed with it."""
        return {"validate": bool(cfg.trust_anchors), "serve": cfg.sc.opt("disable-edns-do", "no") != "yes", "anchors": [" ".join(a.split()) for a in cfg.trust_anchors],
                "negative": cfg.domain_insecure, "sha1": "rely", "rfc5011": False, "signal": False,
                "report": cfg.sc.opt("dns-error-reporting", "no") == "yes",
                "aggressive": cfg.sc.opt("aggressive-nsec", "yes") == "yes",
                "nxdomain_cut": "secure" if cfg.sc.opt("harden-below-nxdomain", "yes") == "yes" else "off"}

    def nat64(self, cfg):
        """Without IPv4, for that is when weir goes through a translator."""
        if cfg.sc.opt("do-nat64", "no") != "yes":
            return {"ipv4": cfg.ipv4}
        return {"ipv4": False, "nat64_prefix": [cfg.sc.opt("nat64-prefix") or cfg.dns64_prefix or "64:ff9b::/96"]}

    def dns64(self, cfg):
        if not cfg.dns64_prefix:
            return {}
        everything = cfg.sc.opt("dns64-synthall", "no") == "yes"
        return {"prefix": [cfg.dns64_prefix], "exclude": ["::/0" if everything else "::ffff:0.0.0.0/96"]}

    def identity(self, opt):
        def words(key, hide):
            return "" if hide and opt(hide, "no") == "yes" else (opt(key) or "").strip('"').removeprefix("ascii_")
        return {"name": words("nsid", None) or words("identity", "hide-identity"),
                "version": words("version", "hide-version")}

    def cache(self, cfg):
        opt = cfg.sc.opt
        cache = {"prefetch": opt("prefetch", "no") == "yes", "without_rd": "learn"}
        for key, value in (("min_ttl", cfg.min_ttl), ("max_ttl", cfg.max_ttl),
                           ("max_negative_ttl", opt("cache-max-negative-ttl"))):
            if value is not None:
                cache[key] = seconds(value)
        stale = {"enable": opt("serve-expired", "no") == "yes"}
        for key, name in (("max_age", "serve-expired-ttl"), ("ttl", "serve-expired-reply-ttl")):
            if opt(name) and int(opt(name)) > 0:
                stale[key] = seconds(opt(name))
        timeout = opt("serve-expired-client-timeout")
        if timeout is not None:
            stale["client_timeout"] = f"{int(timeout)}ms"
        cache["stale"] = stale
        return cache

    def prepare(self, cfg, d):
        groups, routes, default = self.groups(cfg)
        opt = cfg.sc.opt
        address = f"[{cfg.listen_addr}]" if ":" in cfg.listen_addr else cfg.listen_addr
        conf = {
            "listen": [f"{address}:{cfg.listen_port}"],
            "allow": self.allowed(cfg),
            "workers": 1,
            "user": "",
            "identity": self.identity(opt),
            "upstream": {"lower_case": kresd.in_small_letters(cfg), "groups": groups, "routes": routes, "default": default, "ipv6": cfg.ipv6,
                         **self.nat64(cfg)},
            "dns64": self.dns64(cfg),
            "recursion": self.recursion(cfg),
            "dnssec": self.dnssec(cfg),
            "time": {"trust": "system"},
            "cache": self.cache(cfg),
            "local": {"special": {"enable": False}, "zones": self.zones(cfg, d) + localdata.zones(cfg)},    # scenarios use such names as they like
            "segments": byclient.segments(cfg),
            "policy": self.policy(cfg, d),
            "limits": {"client_rate": 0, "rrl_rate": 0, "minimal_any": False},
            "tcp": {"idle_timeout": f"{int(opt('edns-tcp-keepalive-timeout', '10000'))}ms"},
            "control": {"socket": os.path.join(d, "control")},
        }
        path = os.path.join(d, "weir.yaml")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(conf, f, indent=1)        # JSON is YAML
        return [BIN, "serve", "-c", path], {}
