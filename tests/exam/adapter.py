# SPDX-License-Identifier: Apache-2.0
"""weir for the shared scenario exam: a scenario's header as weir's YAML.

The runner makes one Adapter per scenario, inside that scenario's network namespace. SUPPORTS says what weir can
do today and nothing else: it forwards, it does not iterate or validate yet, so a scenario that starts from root hints is
skipped with that reason. WEIR names the binary (tools/exam.sh sets it).
"""
import json
import os
import subprocess

import dns.name
import dns.rdataclass

BIN = os.path.abspath(os.environ.get("WEIR", os.path.join(os.path.dirname(__file__), "../../build/weir")))


def seconds(value):
    return f"{int(value)}s"


class Adapter:
    name = "weir"
    fake_monotonic = True           # the cache counts in monotonic time: a clock jump has to move it too
    settle_after_start = 0.05
    start_timeout = 10
    SUPPORTS = set("""forward-root forward-zone tcp-upstream cache-ttl-limits cache-negative-ttl-limits
    prefetch serve-stale nsid cookie chaos-identity tcp-keepalive ede cache-snoop query-localhost""".split())

    def version(self):
        return subprocess.run([BIN, "--version"], capture_output=True, text=True, check=False).stdout.strip()

    def lacks(self, cfg):
        """What this scenario needs beyond SUPPORTS."""
        reasons = []
        if any(key == "local-zone-override" for _, key, _ in cfg.sc.options):
            reasons.append("local zones by client address")
        if self.leaves_forwards(cfg):
            reasons.append("iteration")
        if any(z["hosts"] for z in cfg.forwards):
            reasons.append("forwarding to a server by its name")
        if any(z["first"] for z in cfg.forwards):
            reasons.append("forward-first")
        if cfg.trust_anchors:
            reasons.append("validation")
        return reasons

    def leaves_forwards(self, cfg):
        """Is a name asked that no forward zone covers? CHAOS and messages without a question ask nobody."""
        zones = [dns.name.from_text(z["name"]) for z in cfg.forwards]
        asked = [q for step in cfg.sc.steps if step.kind == "QUERY" and step.entry
                 for q in step.entry.pkt.question if q[1] == dns.rdataclass.IN]
        return any(not any(dns.name.from_text(str(q[0])).is_subdomain(z) for z in zones) for q in asked)

    def groups(self, cfg):
        """One group a forward zone; the root's is the default."""
        scheme = "tcp" if cfg.sc.opt("tcp-upstream", "no") == "yes" else "udp"
        groups, routes = [], []
        for i, zone in enumerate(cfg.forwards):
            servers = [f"{scheme}://[{a}]" if ":" in a else f"{scheme}://{a}"
                       for a in (addr.split("@")[0] for addr in zone["addrs"])]
            group = {"name": f"zone{i}", "servers": servers}
            if zone["name"] == ".":
                groups.insert(0, group)
            else:
                groups.append(group)
                routes.append({"zone": zone["name"], "group": group["name"]})
        if not groups:          # a scenario about weir alone; nobody is asked
            groups.append({"name": "nobody", "servers": ["udp://192.0.2.53"]})
        return groups, routes

    def identity(self, opt):
        def words(key, hide):
            return "" if hide and opt(hide, "no") == "yes" else (opt(key) or "").strip('"').removeprefix("ascii_")
        return {"name": words("nsid", None) or words("identity", "hide-identity"),
                "version": words("version", "hide-version")}

    def cache(self, cfg):
        opt = cfg.sc.opt
        cache = {"prefetch": opt("prefetch", "no") == "yes"}
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
        groups, routes = self.groups(cfg)
        opt = cfg.sc.opt
        address = f"[{cfg.listen_addr}]" if ":" in cfg.listen_addr else cfg.listen_addr
        conf = {
            "listen": [f"{address}:{cfg.listen_port}"],
            "allow": ["0.0.0.0/0", "::/0"],
            "workers": 1,
            "user": "",
            "identity": self.identity(opt),
            "upstream": {"groups": groups, "routes": routes, "default": groups[0]["name"], "ipv4": cfg.ipv4,
                         "ipv6": cfg.ipv6},
            "cache": self.cache(cfg),
            "local": {"special": {"enable": False}},    # scenarios use such names as they like
            "limits": {"client_rate": 0, "rrl_rate": 0},
            "control": {"socket": os.path.join(d, "control")},
        }
        path = os.path.join(d, "weir.yaml")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(conf, f, indent=1)        # JSON is YAML
        return [BIN, "serve", "-c", path], {}
