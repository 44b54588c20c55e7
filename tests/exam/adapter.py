# SPDX-License-Identifier: Apache-2.0
"""What the shared scenario exam (make exam) needs to start weir: its description of a scenario becomes a
configuration of ordinary settings. Weir forwards and does not iterate or validate yet, so a scenario that
needs a root server of its own is reported as skipped, with that reason, and never counted as passed."""
import os
import subprocess

import dns.name

from config import yes

WEIR = os.path.abspath(os.environ.get("WEIR", "build/weir"))


def seconds(text, default):
    return default if text is None else f"{int(text)}s"


class Adapter:
    name = "weir"
    fake_monotonic = True           # TTLs run on the monotonic clock: a jump of the wall clock flushes nothing
    settle_after_start = 0.05
    start_timeout = 10
    SUPPORTS = set("forward-root forward-zone cache-ttl-limits cache-negative-ttl-limits prefetch "
                   "serve-stale tcp-upstream caps-for-id ede cookie chaos-identity nsid".split())

    def version(self):
        return subprocess.run([WEIR, "--version"], capture_output=True, text=True,
                              check=False).stdout.strip()

    def lacks(self, cfg):
        zones = [dns.name.from_text(z["name"]) for z in cfg.forwards]
        out = []
        if any(z["hosts"] for z in cfg.forwards):
            out.append("forward by host name")
        if cfg.stubs:
            out.append("stub zones")
        for step in cfg.sc.steps:
            if step.kind != "QUERY" or not step.entry:
                continue
            for packet in step.entry.packets:
                if any(not any(q[0].is_subdomain(z) for z in zones) for q in packet.question):
                    return out + ["iteration from the root"]
        return out

    def prepare(self, cfg, d):
        opt = cfg.sc.opt
        scheme = "tcp" if yes(opt("tcp-upstream")) else "udp"
        address = f"[{cfg.listen_addr}]" if ":" in cfg.listen_addr else cfg.listen_addr
        stale = yes(opt("serve-expired"))
        lines = [
            f'listen: ["{address}:{cfg.listen_port}"]',
            'allow: ["0.0.0.0/0", "::/0"]',
            "workers: 1",
            'user: ""',
            "upstream:",
            f"  ipv4: {str(cfg.ipv4).lower()}",
            f"  ipv6: {str(cfg.ipv6).lower()}",
            f"  case_randomisation: {str(yes(opt('use-caps-for-id'))).lower()}",
            "  groups:",
        ]
        for number, zone in enumerate(cfg.forwards):
            urls = [self.url(scheme, a) for a in zone["addrs"]]
            lines.append(f'    - {{name: g{number}, servers: [{", ".join(urls)}]}}')
        lines.append("  routes:")
        for number, zone in enumerate(cfg.forwards):
            lines.append(f'    - {{zone: "{zone["name"]}", group: g{number}}}')
        lines += [
            "cache:",
            f"  min_ttl: {seconds(cfg.min_ttl, '0s')}",
            f"  max_ttl: {seconds(cfg.max_ttl, '1d')}",
            f"  max_negative_ttl: {seconds(opt('cache-max-negative-ttl'), '1h')}",
            f"  prefetch: {str(yes(opt('prefetch'))).lower()}",
            "  stale:",
            f"    enable: {str(stale).lower()}",
        ]
        if stale:
            lines.append(f"    ttl: {seconds(opt('serve-expired-reply-ttl'), '30s')}")
            if opt("serve-expired-client-timeout") is not None:
                lines.append(f"    client_timeout: {int(opt('serve-expired-client-timeout'))}ms")
        lines += ["control:", f"  socket: {d}/control.sock"]
        path = os.path.join(d, "weir.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")
        return [WEIR, "serve", "-c", path], {}

    @staticmethod
    def url(scheme, address):
        host, _, port = address.partition("@")
        host = f"[{host}]" if ":" in host else host
        return f'"{scheme}://{host}{":" + port if port else ""}"'
