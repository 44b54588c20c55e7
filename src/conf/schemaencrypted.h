/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schema, encrypted: the rows of the section `encrypted`, a part of the one table of keys.
 *
 * schema.c includes this in the middle of that table, with its macros, and nobody else does; so there is no guard. It stands apart because
 * the table is longer than a file may be.
 */
/* clang-format off */
    {"encrypted", WR_SCHEMA_SECTION, V01,
     .doc =
         "Where weir answers over TLS, and what it proves itself with. Nothing but the addresses "
         "and a certificate is needed; `weir cert new` makes one."},
    {"encrypted.dot", WR_SCHEMA_LISTEN, .list = true, .max_items = WR_CONF_LISTEN_MAX, V01,
     DEFAULT(""), LIST(encrypted.dot), EXAMPLE("192.168.7.1, br-iot"), .port = 853,
     .doc = "DNS over TLS (RFC 7858): addresses or interfaces, as in `listen`. The port is 853 "
            "where none is written."},
    {"encrypted.doh", WR_SCHEMA_LISTEN, .list = true, .max_items = WR_CONF_LISTEN_MAX, V01,
     DEFAULT(""), LIST(encrypted.doh), EXAMPLE("192.168.7.1, br-iot"), .port = 443,
     .doc = "DNS over HTTPS (RFC 8484), by HTTP/2 and HTTP/1.1: as `dot`, and port 443."},
    {"encrypted.doh_path", WR_SCHEMA_PATH, V01, RANGE(2, 100), DEFAULT("/dns-query"),
     AT(encrypted.doh_path),
     .doc = "Where DNS over HTTPS is served. One word more, as in `/dns-query/camera-7`, is what a "
            "device names itself: a claim and no proof, which `weir log` shows."},
    {"encrypted.doq", WR_SCHEMA_LISTEN, .list = true, .max_items = WR_CONF_LISTEN_MAX, V01,
     DEFAULT(""), LIST(encrypted.doq), EXAMPLE("192.168.7.1, br-iot"), .port = 853,
     .doc = "DNS over QUIC (RFC 9250): addresses or interfaces, as in `listen`. The port is 853 "
            "(UDP) where none is written."},
    {"encrypted.doq_max_connections", WR_SCHEMA_INT, V01, RESTART, RANGE(1, 65536),
     BY_PROFILE("512", "64", "4096"), AT(encrypted.doq_connections), .unit = "connections",
     .doc = "Connections over QUIC at once, of all clients. Each holds about 45 KB with ngtcp2 1.x "
            "and 90 KB with 0.12.1 (Debian 12). When places run out the one that was idle for "
            "longest is closed."},
    {"encrypted.certificates", WR_SCHEMA_ITEMS, .list = true, .max_items = WR_CREDS_PAIRS_MAX, V01,
     DEFAULT(""), LIST(encrypted.certificates),
     .doc =
         "What weir proves itself with. With more than one, the name that a client wants "
         "decides. The files are read at the start, at a reload and when they change; what is no "
         "good is not taken, and the log says why."},
    {"encrypted.certificates[].chain", WR_SCHEMA_PATH, V01, RANGE(1, PATH_OCTETS),
     IN(wr_conf_pair, chain), EXAMPLE("/etc/weir/dns.example.pem"),
     .doc = "PEM file with the certificate, and behind it those that vouch for it. RSA works, and "
            "costs about 1.7 ms of a processor for each new connection; ECDSA a tenth of that."},
    {"encrypted.certificates[].key", WR_SCHEMA_PATH, V01, RANGE(1, PATH_OCTETS),
     IN(wr_conf_pair, key), EXAMPLE("/etc/weir/dns.example.key"),
     .doc = "PEM file with its key, without a password. It must belong to root or to weir's user; "
            "others may not read it, and nobody else may write it. A group may read it: after the "
            "start weir is no longer root, and can read it anew only then. In a folder that root alone "
            "may enter, such as certbot's, a new key or certificate is seen at a restart alone."},
    {"encrypted.client_anchors", WR_SCHEMA_PATH, V01, RANGE(0, PATH_OCTETS), DEFAULT("\"\""),
     AT(encrypted.client_anchors), EXAMPLE("/etc/weir/devices-ca.pem"),
     .doc = "PEM file with the authorities of client certificates. With it clients are asked for a "
            "certificate; who has a good one is named by it in `weir log`, who has none or a bad "
            "one is served without a name. Empty: nobody is asked."},
    {"encrypted.names_below", WR_SCHEMA_LABEL, V01, RANGE(0, 240), DEFAULT("\"\""),
     AT(encrypted.names_below), EXAMPLE("dns.example"),
     .doc = "A client that wants the server name `camera-7.dns.example` names itself `camera-7` "
            "with this set to `dns.example`; `weir log` shows it. It is a claim and no proof. The "
            "certificate has to carry `*.dns.example`. Empty: server names name nobody."},
    {"encrypted.handshake_timeout", WR_SCHEMA_MILLIS, V01, RANGE(100, 60000), DEFAULT("5s"),
     AT(encrypted.handshake_ms),
     .doc = "A client that has not finished its TLS handshake by then is closed."},
    {"encrypted.handshake_rate", WR_SCHEMA_INT, V01, RANGE(0, 100000),
     BY_PROFILE("20", "10", "100"), AT(encrypted.handshake_rate), .unit = "handshakes/s",
     .doc =
         "TLS connections that one client may begin in a second, and ten times that at once; what "
         "is more is refused. A handshake costs fifty times what a query does. 0: no bound."},
    {"encrypted.memory", WR_SCHEMA_SIZE, V01, RANGE(65536, (uint64_t)16 << 30),
     BY_PROFILE("32MiB", "4MiB", "256MiB"), AT(encrypted.memory_bytes),
     .doc = "What all encrypted connections may take together. One over TLS counts as 20 KiB, what "
            "HTTP holds for it and what waits to be sent, one over QUIC as what it holds. When it is "
            "used up, who has been idle for longest gives way to who comes by the same transport."},
    {"encrypted.odoh", WR_SCHEMA_SECTION, V01,
     .doc = "Oblivious DNS over HTTPS (RFC 9230): one machine knows who asks, another one what."},
    {"encrypted.odoh.target", WR_SCHEMA_BOOL, V01, DEFAULT("false"), AT(encrypted.odoh_target),
     .doc = "Answers queries that only weir can open, on the listeners and the path of DNS over "
            "HTTPS: a proxy of somebody else carries them, and weir does not see whose they are. "
            "Its keys are at `/.well-known/odohconfigs`; they change each day and are made anew at "
            "a start."},
    {"encrypted.odoh.targets", WR_SCHEMA_URL, .list = true, .max_items = WR_ODOH_TARGETS_MAX, V01,
     DEFAULT(""), LIST(encrypted.odoh_targets), .port = WR_HTTPS_PORT,
     EXAMPLE("\"https://odoh.example/dns-query#addr=192.0.2.1\""),
     .doc = "With one or more, weir is a proxy: at `/proxy` of the listeners of DNS over HTTPS it "
            "takes sealed queries for these targets "
            "(`?targethost=odoh.example&targetpath=/dns-query`) and "
            "carries them there, without a word about who asks. Nobody else is carried to, and "
            "never a target on this host itself (one whose name or address is in a certificate "
            "of weir's), which would know both halves: who asks for it is told 403. Each is a URL with "
            "its address and what proves it, as in `upstream.groups[].servers`."},
