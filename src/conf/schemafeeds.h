/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schema, feeds: the rows of `feeds` and `feed_folder`, a part of the one table of keys.
 *
 * schema.c includes this in the middle of that table, with its macros, and nobody else does; so there is no guard.
 */
/* clang-format off */
    {"feeds", WR_SCHEMA_ITEMS, .list = true, .max_items = WR_FEEDS_MAX, V01, DEFAULT(""), LIST(feeds),
     .doc = "Lists of names and addresses that somebody keeps: what is malicious, what tracks, what is DNS of others. Each is "
            "read and compiled beside the road, a million names in about a second and 13 octets of memory each; the last good "
            "one stays in force, over a restart too, until there is a better one. `weir feeds` shows them."},
    {"feeds[].name", WR_SCHEMA_LABEL, V01, RANGE(1, 63), IN(wr_conf_feed, name), EXAMPLE("malware"),
     .doc = "What rules, `weir feeds` and `weir why` call it."},
    {"feeds[].from", WR_SCHEMA_STRING, V01, RANGE(1, WR_FEED_URL_SIZE - 1), IN(wr_conf_feed, from),
     EXAMPLE("\"https://lists.example/malware.txt\""),
     .doc = "Where the list is: a file (`/etc/weir/malware.txt`) or an https URL. A file is looked at each second; what changed is taken when it has "
            "been the same for a second; weir's user has to be able to read it. A URL is fetched by libcurl, which has to be "
            "installed. The host's address is found by weir itself, by `upstream` and never by the system's resolver; the server "
            "proves its name by a certificate that `upstream.ca_file` vouches for, judged by the time that weir believes in as upstreams are (with libcurl over "
            "another library than GnuTLS by the kernel's clock). Four lists at most are fetched at a time. What has not "
            "changed (ETag, Last-Modified) is not sent again, redirects to other https URLs are followed, and what fails is tried "
            "again after 10 seconds, and then after twice as long each time, up to an hour. What is no list (a page of HTML, "
            "something compressed, mostly lines that cannot be read, nothing at all) is refused whole, and the list before stays."},
    {"feeds[].pins", WR_SCHEMA_STRING, .list = true, .max_items = WR_FEED_PINS_MAX, V01, RANGE(1, 64), DEFAULT(""),
     INLIST(wr_conf_feed, pins), EXAMPLE("\"sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\""),
     .doc = "Keys that prove the server of a URL in place of a certificate: the SHA-256 digest of a public key (SPKI) in base64, as upstreams have "
            "them. One is enough; two are there for the change. Redirects are not followed then."},
    {"feeds[].keys", WR_SCHEMA_STRING, .list = true, .max_items = WR_FEED_KEYS_MAX, V01, RANGE(1, 64), DEFAULT(""),
     INLIST(wr_conf_feed, keys), EXAMPLE("RWSLL1PfVzlOLH0MhSABM/cXyLJUes30CMUswC7j5IBi7CopA6o8fdH/"),
     .doc = "Who has to have signed the list, with minisign or signify: the line of a public key's file that begins with RW. One of them is enough; a second is "
            "there for the change. A list that is not signed so is not taken, whoever serves it, and the last good one stays; nor is one "
            "whose signature says an earlier time (minisign's trusted comment) than that of the one in force. Empty: it need not be signed."},
    {"feeds[].signature", WR_SCHEMA_STRING, V01, RANGE(0, WR_FEED_URL_SIZE - 1), DEFAULT("\"\""), IN(wr_conf_feed, signature),
     EXAMPLE("\"https://lists.example/malware.txt.sig\""),
     .doc = "Where the signature is, a file for a file and an https URL for a URL, which is fetched before the list and as that is. Empty: `from` with "
            "`.minisig` behind it."},
    {"feeds[].verdict", WR_SCHEMA_WORD, V01, DEFAULT("none"), IN(wr_conf_feed, verdict), .words = feed_verdict_words,
     .doc = "What is done with what it lists, for everybody and without a rule: as `policy.rules[].verdict`, and after all rules. `none`: only "
            "rules that name it (`policy.rules[].feeds`) do something."},
    {"feeds[].refresh", WR_SCHEMA_SECONDS, V01, RANGE(300, 30 * DAY_S), DEFAULT("1d"), IN(wr_conf_feed, refresh_s),
     .doc = "How often a URL is asked for another version; a quarter more or less, so that not all come at once."},
    {"feeds[].format", WR_SCHEMA_WORD, V01, DEFAULT("auto"), IN(wr_conf_feed, format), .words = feed_words,
     .doc = "How it is written. `hosts`: an address that leads nowhere and names; `domains`: a name a line; `wildcards`: "
            "`*.name` or `.name`, which is the name and all below it; `dnsmasq`: `address=/name/`, `local=/name/`, `server=/name/`, "
            "with all below it; `adblock`: `||name^` with all below it, `@@||name^` an exception, `$important`; what is about "
            "parts of pages is passed over; `addresses`: addresses and prefixes; `table`: the first column of a table with "
            "commas, semicolons or tabs. `auto`: each line by how it looks, so it may be a mixture. Lines that are no good are "
            "counted and the first are told."},
    {"feeds[].subdomains", WR_SCHEMA_BOOL, V01, DEFAULT("false"), IN(wr_conf_feed, subdomains),
     .doc = "Names that the format takes for themselves alone (`hosts`, `domains`, `table`) stand for all below them as well."},
    {"feeds[].public_suffixes", WR_SCHEMA_BOOL, V01, DEFAULT("false"), IN(wr_conf_feed, public_suffixes),
     .doc = "Take lines that list a whole top-level domain or all of a public suffix such as `co.uk`. Otherwise they are passed over: "
            "one such line in a list of strangers takes half a country away."},
    {"feeds[].max_size", WR_SCHEMA_SIZE, V01, RANGE(1024, (uint64_t)1 << 30), BY_PROFILE("128MiB", "16MiB", "512MiB"),
     IN(wr_conf_feed, max_bytes),
     .doc = "A list whose text is longer is refused. While it is compiled a name takes about 30 octets more than afterwards."},
    {"feed_folder", WR_SCHEMA_PATH, V01, RESTART, RANGE(0, PATH_OCTETS), DEFAULT("\"\""), AT(feed_folder),
     EXAMPLE("/var/lib/weir"),
     .doc = "The folder in which compiled lists are kept over a restart, and mapped from; it has to be there. Empty: the one that the system's manager "
            "gives (`STATE_DIRECTORY`); without one they are in memory alone and compiled anew at each start."},
