/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits: the bounds of weir that more than one module meets, each with its reason or the attack's name.
 *
 * A loop over something that a stranger sent counts against one of these. What
 * the owner may size (cache, connections, requests) is a configuration key;
 * here are the walls that no configuration moves. One limit a line, and above
 * it why it is that number.
 */
#ifndef WR_BASE_LIMITS_H
#define WR_BASE_LIMITS_H

/* RFC 1035 section 3.1: a name is at most 255 octets on the wire, labels 63. */
#define WR_NAME_MAX  255
#define WR_LABEL_MAX 63
/* 255 octets hold at most 127 labels and the root. */
#define WR_NAME_LABELS_MAX 127
/* Compression bomb: pointers followed for one name; each must point backwards as well. */
#define WR_NAME_POINTERS_MAX 32
/* Text of a name: each octet at most \DDD, dots, NUL. */
#define WR_NAME_TEXT_SIZE 1024
/* RFC 1035 section 4.2.2: two octets of length before a message on a stream. */
#define WR_MSG_MAX 65535
/* Counts in a header may say 65535; a message of 64 KiB cannot hold more records than this. */
#define WR_MSG_RECORDS_MAX 5958
/* Compression bomb: thousands of owners that are each a pointer to 127 labels make a message of 64 KiB cost 2 ms. Octets
 * of all owners expanded (the same one again and again is free); a real message of that size has at most two thirds. */
#define WR_MSG_OWNER_OCTETS_MAX (256 * 1024)
/* EDNS option flood: options looked at in one OPT record; the rest makes FORMERR. */
#define WR_EDNS_OPTIONS_MAX 32
/* DNS flag day 2020: what passes the usual path unfragmented. */
#define WR_EDNS_UDP_SIZE 1232
/* Names remembered for compression in one message built. */
#define WR_BUILD_NAMES_MAX 128
/* Entries of one hash chain looked at for a label: names chosen to collide cost compression, not time. */
#define WR_BUILD_PROBES_MAX 16

/* Parameters of one SVCB record read from text; the registry has nine. */
#define WR_SVCB_PARAMS_MAX 64

/* One entry of a zone file without its comments: 64 KiB of rdata in \DDD escapes, with room for the rest. */
#define WR_ZONEFILE_ENTRY_MAX ((size_t)320 * 1024)
/* Zone file of open parentheses: times that what is behind one is read again; each is an entry's length of work. */
#define WR_ZONEFILE_AGAIN_MAX 16
/* A path of $INCLUDE, and a line that $GENERATE makes. */
#define WR_ZONEFILE_LINE_SIZE 4096
/* Zone files that include each other: a loop ends here. People have two or three levels. */
#define WR_ZONEFILE_DEPTH_MAX 8
/* A file that includes another twice, and so on down: files read for one zone, all told. */
#define WR_ZONEFILE_INCLUDES_MAX 1024
/* $GENERATE: one line that stands for thousands; a reverse zone of a /16 is the largest use. For one zone, all told. */
#define WR_ZONEFILE_GENERATE_MAX 65536u

/* Names and RRsets of a zone that is checked: 512 MiB of memory, a file of about half a gigabyte. */
#define WR_ZONECHECK_ENTRIES_MAX (1u << 24)

/* CNAME chain: links followed in one answer (CVE-class: long chains multiply work). */
#define WR_CHAIN_MAX 12
/* Records of one RRset taken from an answer; more is an attack on memory (CVE-2024-1737). */
#define WR_RRSET_RECORDS_MAX 400
/* Octets of one RRset with its signatures that the cache will hold. */
#define WR_RRSET_SIZE_MAX 49152
/* Records of one response looked at while it is scrubbed. Each set is a walk over its section: 26 sets among five thousand
 * records whose owner has 127 labels cost 165 ms. A real answer needs some hundred looks, the largest set 2000. */
#define WR_SCRUB_LOOKS_MAX 16384
/* RRsets taken from one response; a forwarder's answer needs the chain and its proofs. */
#define WR_ANSWER_RRSETS_MAX 64

/* Messages sent upstream for one client query (NXNSAttack and all its kin). */
#define WR_REQUEST_SENDS_MAX 100
/* Messages for one question to the servers of one group, before it is known that one of them lives. On a line that loses a
 * fifth of all packets each way a try fails with 0.36, twelve with 0.36^12 = 5e-6 (docs/decisions.md). */
#define WR_FORWARD_TRIES_MAX 12
/* Off-path spoofing: wrong replies taken on one exchange before it moves to TCP. */
#define WR_WRONG_REPLIES_MAX 1
/* Off-path spoofing: wrong replies in the name of one upstream within an hour; then it is asked over TCP for an
 * hour. With 16 bits of id and the case of seven letters: 4 / 2^23 forgeries accepted in that hour. */
#define WR_WRONG_UPSTREAM_MAX 4
/* Off-path spoofing: wrong replies read from one socket for one question, then it is closed. */
#define WR_WRONG_READS_MAX 16
/* Clients of one network are bounded together too, by this many times what one may have: a device that takes one address
 * after another does not get without end, and one that keeps its own does not starve its neighbours. */
#define WR_PREFIX_CLIENTS 16
/* TCP streams held by a server that drips: time for one message, from its first octet on. 64 KiB at 105 kbit/s. */
#define WR_STREAM_MESSAGE_MS 5000
/* Messages on one stream that nobody asked for (late answers were asked for); then it is closed. */
#define WR_STREAM_UNASKED_MAX 4
/* All streams taken: one whose questions had no answer for so long yields to a question to another server. */
#define WR_STREAM_HOLD_MS 300
/* Of all streams of a worker one server has at most one of so many. Each carries 128 questions. */
#define WR_STREAM_SHARE 2
/* Encrypted queries are padded to a multiple of this (RFC 8467 section 4.1). */
#define WR_PAD_QUERY 128
/* Octets of an encrypted upstream on a connection on which it owes no answer: tickets, key updates. */
#define WR_STREAM_IDLE_OCTETS_MAX 65536
/* Session tickets of upstreams that a worker keeps, and octets of one: the library packs the server's certificates in. */
#define WR_TICKETS_MAX       16
#define WR_TICKET_OCTETS_MAX 12288
/* A connection that its server would keep (RFC 7828) is kept idle no longer than this. */
#define WR_STREAM_KEEP_MS 120000
/* Places of streams that are being closed, until the world has been told. */
#define WR_STREAMS_SPARE 8
/* HTTP, both versions. Octets and fields of one head: 5 KiB of a GET with a question of 4 KiB, cookies that browsers send; a header bomb
 * (HPACK: one octet that stands for four thousand) is measured when it is unpacked. */
#define WR_HTTP_HEAD_MAX   16384
#define WR_HTTP_FIELDS_MAX 100
/* Memory of one HTTP connection, nghttp2's included: idle it has some 30 KiB. The zero-window reader's answers wait within it. */
#define WR_HTTP_CONNECTION_MAX ((size_t)512 * 1024)
/* A line of a chunked body, and all lines behind it. */
#define WR_HTTP_CHUNK_LINE_MAX 256
#define WR_HTTP_TRAILER_MAX    4096
/* Octets of requests behind the one that is in work, on one HTTP/1.1 connection. */
#define WR_HTTP_PIPELINE_MAX 32768
/* HTTP/2 header bomb: octets of one head, unpacked, at which the connection ends; up to there it is answered with 431. */
#define WR_H2_BOMB_MAX 65536
/* Streams at once on one connection; RFC 9113 section 6.5.2 recommends no fewer. */
#define WR_H2_STREAMS_MAX 100
/* HTTP/2 rapid reset (CVE-2023-44487), floods of SETTINGS, PING, PRIORITY, WINDOW_UPDATE, CONTINUATION (CVE-2024-28182) and empty frames:
 * of HEADERS on streams that are closed: frames that get nothing done, as many as may come at once, come back in a second, and are earned
 * by a message that is done; its own HEADERS is one of them.
 * A polite client has up to five a message (HEADERS, two windows, PING, RST_STREAM of what it wants no more). */
#define WR_H2_IDLE_FRAMES_MAX    400
#define WR_H2_IDLE_FRAMES_S      20
#define WR_H2_IDLE_FRAMES_EARNED 5
/* HTTP/2: acknowledgements that wait to be sent, and entries of one SETTINGS frame (there are ten). */
#define WR_H2_ACKS_MAX     500
#define WR_H2_SETTINGS_MAX 32
/* Clients waiting for one question; the next gets SERVFAIL (a crowd, or an attack). */
#define WR_INFLIGHT_WAITERS_MAX 1024
/* Upstream servers in one group, groups, routes. */
#define WR_GROUP_SERVERS_MAX 16
#define WR_GROUPS_MAX        32
#define WR_UPSTREAMS_MAX     64
#define WR_ROUTES_MAX        4096
/* Addresses of one server as its URL gives them: two of each family. Pins: one in use and one for the roll-over (RFC 7858
 * section 4.2), of two keys. */
#define WR_URI_ADDRS_MAX 4
/* TLSA records of one name that are looked at: two keys in a roll-over, in two forms each (RFC 7671 section 8). */
#define WR_TLSA_RECORDS_MAX 8
#define WR_URI_PINS_MAX     4
/* Octets of an oblivious target's configurations in a URL: two, for a key that changes. */
#define WR_URI_CONFIG_MAX 96
/* Addresses of root servers: thirteen names with two each. */
#define WR_HINTS_MAX 32
/* Prefixes that are never asked though a zone names them: loopback and what the owner adds. */
#define WR_NEVERS_MAX 64
/* Names that are asked in small letters; each question that goes out is held against all of them. */
#define WR_LOWER_CASE_MAX 64
/* Names of one delegation that are looked at: the root has thirteen. Addresses: WR_GROUP_SERVERS_MAX. */
#define WR_ITER_SERVERS_MAX 16
/* NXNSAttack: names of servers without glue that are looked up for one question, in all its cuts; two at a time. */
#define WR_ITER_FETCHES_MAX 8
/* Referrals followed for one name: a name has at most that many useful cuts; a chain of lies has more. */
#define WR_ITER_REFERRALS_MAX 30
/* Look-ups within look-ups: a server's name whose zone's server has a name whose zone ... (RFC 9520 does not bound it). */
#define WR_DEPEND_DEPTH_MAX 6
/* A crowd of questions that takes every place would leave none for the addresses and keys that their answers need: one of so
 * many is not for clients. */
#define WR_REQUESTS_RESERVE 8
/* Requests looked at to see that a wait does not close a circle. */
#define WR_DEPEND_LOOKS_MAX 64
/* Requests that one request waits for at once. */
#define WR_DEPEND_CHILDREN_MAX 4
/* RFC 9156 section 2.3: questions asked to minimise one name, and of those one label at a time. */
#define WR_QMIN_STEPS_MAX 10
#define WR_QMIN_ONE_LABEL 4
/* Names between an alias's zone and its target that a denial beside the alias is tried on: zone cuts are rarely deeper. */
#define WR_PROVE_BESIDE_MAX 4
/* A bogus answer is asked of another server so often: one of several may be old or broken (and who forges one may not more). */
#define WR_PROVE_RETRIES_MAX 3
/* Steps of one turn of a proof, of which at most one checks a signature. */
#define WR_PROVE_TURN_STEPS_MAX 32
/* When every place for proofs is taken, one that has waited so long for keys gives way: keys that can be had come sooner. */
#define WR_PROVE_HOLD_MS 1000
/* Rate limits: times a worker tries to take a token of a bucket that others write at the same moment. */
#define WR_QUOTA_TRIES_MAX 32

/* A list that is fetched: octets of its URL; pins of its server; redirects that are followed. Mirrors of lists redirect once or twice. */
#define WR_FEED_URL_SIZE      960
#define WR_FEED_PINS_MAX      4
#define WR_FEED_REDIRECTS_MAX 5
/* How long its server may take to be connected to, and for all; and how little a second it may send for half a minute: 100 MB take two
 * minutes at 6 Mbit/s, and who dribbles keeps a place that others wait for. */
#define WR_FEED_CONNECT_MS  10000
#define WR_FEED_FETCH_MS    300000
#define WR_FEED_SLOW_OCTETS 2048
#define WR_FEED_SLOW_S      30
/* Lists that are fetched side by side: who dribbles holds up nobody else, and so many are in memory at most while they are compiled. */
#define WR_FEED_FETCHES_MAX 4
/* Keys by which a list may be signed: one, and the next one. A signature's file: two comments and two lines; minisign's comments end at 8 KiB. */
#define WR_FEED_KEYS_MAX    4
#define WR_MINISIG_TEXT_MAX ((size_t)10 << 10)
/* Lists of one configuration; people have two to ten. */
#define WR_FEEDS_MAX 64
/* A line of a list that is fed in (conf/feedtext). Lines of names are below 300 octets; dnsmasq takes 1024. */
#define WR_FEED_LINE_MAX 4096
/* Names of one list (policy/nametree): 200 MiB of memory; the largest public ones have five million. */
#define WR_NAMETREE_NAMES_MAX (1u << 24)
/* Entries of one bucket. Six on average under a key that nobody knows: more than this in one is no chance but a broken file. */
#define WR_NAMETREE_BUCKET_MAX 96
/* Addresses and prefixes of one list (policy/addrtree): 24 octets each. */
#define WR_ADDRTREE_MAX (1u << 22)
/* QUIC stream flood: streams that a client may have open on one connection; it may open another as one ends. */
#define WR_DOQ_STREAMS 64
/* Octets that a client may send on one connection before we have taken some. */
#define WR_DOQ_WINDOW (64u * 1024)
/* CID flood: ids of one connection: eight that ngtcp2 gives at once, some that retire, and the client's first. */
#define WR_DOQ_CIDS 16
/* Ids that the other side may have given us at once: with the least that RFC 9000 section 18.2 allows, 2, ngtcp2 ends a connection at its
 * fourth move. */
#define WR_QUIC_IDS_ACTIVE 3
/* QUIC handshake flood: in one worker, connections whose handshake is not complete; from so many on a new client proves its
 * address first (Retry), which costs no memory, and from the second number on it gets no answer and asks again. */
#define WR_DOQ_RETRY_AT    32
#define WR_DOQ_OPENING_MAX 512
/* The same, by work: handshakes that one worker begins in a second, at most 0.4 ms each. Half of a burst is for who has not
 * proven its address; then Retry. */
#define WR_DOQ_HANDSHAKES_S 1000u
/* QUIC: time for a handshake, three lost flights included. */
#define WR_DOQ_HANDSHAKE_MS 5000
/* QUIC gap flood: a stream whose octets come with a gap costs ngtcp2 8 KiB. Octets that it may hold for one connection of a
 * client; an honest one, whose queries are one frame each, has a quarter of it. */
#define WR_DOQ_MEMORY_MAX (256u * 1024)
/* Reflection by TCP Fast Open with a stolen cookie (RFC 7413 section 5.2): connections of one listener that began with octets in the SYN and whose
 * client has not yet shown that it hears us. More shake hands as ever. */
#define WR_TCP_FASTOPEN 16
/* Encrypted connections, TCP and QUIC: who has taken nothing of its answers for so long (zero window) gives its octets of the budget to who
 * comes; and connections that give way for one that comes. */
#define WR_UNREAD_MS 1000
/* Octets a second: who takes less of what waits for it is as one who takes nothing, and its time goes on. */
#define WR_READ_RATE   500u
#define WR_RELIEFS_MAX 4
/* An idle QUIC connection is closed with a word when the library's own time-out has not ended it in so much more: it was kept up by PINGs. */
#define WR_DOQ_IDLE_MORE_MS 1000
/* When nobody was found who could make room for a stream or its octets: so long nobody is looked for again. A search looks at all
 * streams, and every packet of a client could begin one. */
#define WR_DOQ_BARREN_MS 50
/* Datagrams that are no connection's and wait to be sent; the others are not sent. */
#define WR_DOQ_STATELESS 64
/* Workers: one a core. */
#define WR_WORKERS_MAX 64

/* Configuration: a real file has kilobytes; beyond this it is a mistake or an attack on memory. */
#define WR_CONF_SIZE_MAX ((size_t)16 * 1024 * 1024)
/* Nesting of the configuration: the table needs six levels; deep nesting is an attack on the stack. */
#define WR_CONF_DEPTH_MAX 16
/* Nodes of the configuration: every list of the table full, twice over; small nodes multiply memory. */
#define WR_CONF_NODES_MAX 131072
/* Keys of one mapping: no section has half as many; looking for duplicates is quadratic. */
#define WR_CONF_KEYS_MAX 128
/* Mistakes kept: more than one screen is not read, the rest is counted. */
#define WR_CONF_MISTAKES_MAX 100
/* Lists of the configuration: listeners are sockets in each worker; the others are looked through. */
#define WR_CONF_LISTEN_MAX    64
#define WR_CONF_ALLOW_MAX     1024
#define WR_CONF_TTL_RULES_MAX 1024
/* Local names in the configuration itself; what is more belongs into a zone file. */
#define WR_CONF_ZONES_MAX   256
#define WR_CONF_RECORDS_MAX 4096
/* Files that are watched: each is looked at every second. */
#define WR_CONF_HOSTS_MAX   32
#define WR_CONF_LEASES_MAX  16
#define WR_CONF_SPECIAL_MAX 256
/* Shared secrets: one for each party that zones are had from. */
#define WR_CONF_TSIG_MAX 64
/* Services of a site; each is some records. */
#define WR_CONF_SERVICES_MAX 1024
/* Vendors of MAC addresses (40 000 in 2026), and octets of the IEEE's list (7 MB). */
#define WR_OUI_LINES_MAX 131072
#define WR_OUI_FILE_MAX  ((size_t)32 * 1024 * 1024)
/* Devices that the configuration names, and of one of them: addresses or names of one kind. */
#define WR_CONF_DEVICES_MAX      1024
#define WR_CONF_DEVICE_MARKS_MAX 4
#define WR_CONF_RELAYS_MAX       64
/* Entries one cache write copies to keep them; more would make it wait on a crowd of used names (S3-FIFO laps). */
#define WR_CACHE_MOVES_MAX 16
/* Looks at a shard's write flag before `cache flush` gives that shard up: some milliseconds; a write takes microseconds. */
#define WR_CACHE_FLUSH_SPINS_MAX (1u << 22)
/* Places in a damaged kept cache that look like a batch and are tried: an altered file full of them must not cost more. */
#define WR_CHECKPOINT_SEARCH_MAX 64
/* Octets of a kept cache file that are read: a year of the default write budget would never reach it. */
#define WR_KEEP_FILE_MAX ((size_t)64 << 20)
/* Entries looked at in one second for the kept cache: some milliseconds of the ledger's thread. */
#define WR_KEEP_STEP_MAX 4096
/* Names flushed between two checkpoints; beyond that the whole file is made void, so that none comes back. */
#define WR_KEEP_FLUSHES_MAX 32

/* The log. Rows of counts in place of queries: clients of one minute, by what became of their questions. */
#define WR_ROLLUP_ROWS_MAX 2048
/* Events of one block on disk, texts in it, and their octets: a block that is read back takes no more than a megabyte of memory. */
#define WR_LOGBLOCK_EVENTS_MAX 4096
#define WR_LOGBLOCK_TEXTS_MAX  8192
#define WR_LOGBLOCK_TEXT_MAX   ((size_t)256 << 10)
/* Octets of a block as it is before it is compressed: all columns at their longest, and the texts. */
#define WR_LOGBLOCK_RAW_MAX ((size_t)1 << 20)
/* Collectors that are told what happens: each costs a formatted line for each query. */
#define WR_CONF_EXPORTS_MAX 8
/* Octets of a control frame of dnstap that a collector sends; two fields are known, and one of them is sent. */
#define WR_DNSTAP_CONTROL_MAX 512
/* Segments in the folder of the log; more are not ours. */
#define WR_LOG_SEGMENTS_MAX 4096

/* Counts by minute, device and name that wait to be written: 1.4 MB, and at home the work of an hour. */
#define WR_HISTORY_ROWS_MAX 4096u
/* Of one minute, and of one device in it: names that devices make up, each one another, are not all kept. */
#define WR_HISTORY_MINUTE_MAX 512u
#define WR_HISTORY_NAMES_MAX  128u
/* Lines of an answer about them. */
#define WR_HISTORY_TOP_MAX 1000u
/* What a replay of the log lists: who would be told something else about which name. Further ones are counted. Some 25 MB. */
#define WR_REPLAY_CHANGES_MAX 65536u

/* Larger RSA keys are not supported (RFC 3110 section 2 ends at 4096 bits): a check costs the cube of the size. */
#define WR_RSA_BITS_MAX 4096
/* Exponents of thousands of bits make one check cost as much as a hundred; real ones have 17 or 33. */
#define WR_RSA_EXPONENT_BITS_MAX 64

/* DNSSEC. Keys of one zone that are prepared; a zone in the middle of two rollovers has six. */
#define WR_DNSSEC_KEYS_MAX 16
/* DS records of one zone that are kept; real ones have one to four. */
#define WR_DNSSEC_DS_MAX 16
/* KeyTrap (CVE-2023-50387): digests made while keys are held against DS records of the same tag. */
#define WR_DNSSEC_DS_DIGESTS_MAX 24
/* KeyTrap: keys of one tag and algorithm tried for one signature; two by accident are rare, more are made. */
#define WR_DNSSEC_TAG_KEYS_MAX 4
/* KeyTrap: signature checks for one RRset. */
#define WR_DNSSEC_SET_CHECKS_MAX 16
/* KeyTrap: signature checks of one client query that fail, over all its sets and zones, retries and restarts. */
#define WR_DNSSEC_FAILURES_MAX 24
/* Signature checks of one client query, weighed by algorithm (one RSA check is 2): 12 sets in 12 zones that are
 * cold and four deep, all P-384, cost 4536; it is some 40 ms, in steps of one check. */
#define WR_DNSSEC_COST_MAX 4800
/* NSEC3 encloser attack (CVE-2023-50868): blocks of SHA-1 for one client query. One search over the 34 labels of a
 * reverse IPv6 name with 50 iterations is 1700; all of it is below a millisecond. */
#define WR_DNSSEC_HASH_BLOCKS_MAX 8192
/* The same, within one step; then others have their turn. */
#define WR_DNSSEC_STEP_BLOCKS_MAX 1024
/* NSEC3 with more iterations proves nothing and makes the zone insecure, unless the owner lowers it (RFC 9276
 * section 3.2). */
#define WR_DNSSEC_ITERATIONS_MAX 150
/* Questions that one validation asks: DS and DNSKEY for each label of a reverse IPv6 name. */
#define WR_DNSSEC_FETCHES_MAX 96
/* Answers to a question of the validator that did not prove anything, before the zone is called bogus. */
#define WR_DNSSEC_RETRIES_MAX 2
/* RRsets of one section that the validator looks at; what the scrubber lets through is fewer. */
#define WR_DNSSEC_SETS_MAX 32
/* Octets that one signature is made over: the largest RRset with the longest owner before each record. */
#define WR_DNSSEC_SIGNED_MAX ((size_t)WR_RRSET_SIZE_MAX + (size_t)WR_RRSET_RECORDS_MAX * 265 + 274)
/* Trust anchors: the root, islands, negative ones. Looked through one by one. */
#define WR_DNSSEC_ANCHORS_MAX 64
/* Trust points that are followed: the root and some islands. Negative anchors that an owner sets on the running gateway. */
#define WR_TRUST_POINTS_MAX    8
#define WR_TRUST_NEGATIVES_MAX 32
/* Keys of one trust point that are followed (RFC 5011); the root has had two, and three in a rollover. */
#define WR_DNSSEC_ROLLOVER_KEYS_MAX 16

/* Octets of a TSIG secret; RFC 8945 section 8 wants at least as many as the hash gives, 64 at most. */
#define WR_TSIG_SECRET_MAX 256

/* Copies of zones. Primaries of one zone; each is tried in its turn. */
#define WR_XFER_PRIMARIES_MAX 8
/* Octets of one transfer, headers and all, and of what is kept of it: a zone of a million records has about 64 MiB on the
 * wire. Who sends more is stopped, and who has names expanded from pointers into more. */
#define WR_XFER_OCTETS_MAX ((uint64_t)256 << 20)
/* Messages of one transfer that hold no record: real ones hold as many as fit. */
#define WR_XFER_EMPTY_MAX 16
/* A primary that is silent so long while a transfer is out has failed, and one transfer may take so long. */
#define WR_XFER_PATIENCE_S 15
#define WR_XFER_WHOLE_S    3600
/* While another could be asked, a primary that sends less than a kilobyte a second over a minute has failed too. */
#define WR_XFER_PACE_S      60
#define WR_XFER_PACE_OCTETS ((uint64_t)60 << 10)
/* The timers of a SOA record, as far as they are obeyed: a zero must not ask without pause, a year must not hide a change. */
#define WR_XFER_REFRESH_MIN_S 5
#define WR_XFER_REFRESH_MAX_S 86400
#define WR_XFER_RETRY_MIN_S   2
#define WR_XFER_RETRY_MAX_S   7200
#define WR_XFER_EXPIRE_MIN_S  10
#define WR_XFER_EXPIRE_MAX_S  (60 * 86400)
/* NOTIFY is a forgeable datagram: it leads to one look in so many seconds. */
#define WR_XFER_NOTIFY_S 2
/* Links of a chain of aliases that an answer from a copy of a zone follows; where there are more the next is asked for itself. */
#define WR_AUTHORITY_CHAIN_MAX 8
/* Hashes of names for one such answer: a denial takes three, opt-out one more a label, and who wrote the zone may be a stranger. */
#define WR_AUTHORITY_HASHES_MAX 16
/* NSEC or NSEC3 records in it: one a link, and three. */
#define WR_AUTHORITY_PROOFS_MAX 12

/* Octets of the SVCB records that name encrypted services (RFC 9462): a dozen ports with their names and addresses. */
#define WR_DESIGNATED_OCTETS_MAX 4096

/* Encrypted services that a server names for itself: three transports, and a spare. */
#define WR_UPGRADES_MAX 4
/* Records of such an answer that are looked at, and octets of one: real ones have three, of a hundred octets. */
#define WR_UPGRADE_LOOKS_MAX  32
#define WR_UPGRADE_RECORD_MAX 1024

/* Local names: zones, each looked at when the snapshot is built: a house has a few, special-use names and routes the rest. */
#define WR_LOCAL_ZONES_MAX 16384
/* Records of one local source: a zone file of 100 MB has about as many. All together, with the PTR records that are made. */
#define WR_NAMES_RECORDS_MAX (1u << 20)
#define WR_LOCAL_RECORDS_MAX (1u << 21)
/* Names in the tree, owners and their ancestors: a file of owners with 127 labels each must not take all memory. */
#define WR_LOCAL_NAMES_MAX (1u << 22)
/* Octets of one hosts or lease file: a hundred thousand leases. A zone file may have more. */
#define WR_LEASE_FILE_MAX ((size_t)16 * 1024 * 1024)
#define WR_ZONE_FILE_MAX  ((size_t)128 * 1024 * 1024)
/* Leases of one file: a /16 full of devices. */
#define WR_LEASES_MAX 65536
/* Addresses of one client under one name: DHCPv6 gives a client as many as it asks for. */
#define WR_LEASE_ADDRESSES_MAX 16
/* One line of a hosts or lease file; a longer one is skipped. */
#define WR_LEASE_LINE_MAX 4096
/* Folders of them that are watched by inotify, which counts by user; the rest is looked at every second. */
#define WR_WATCH_FOLDERS_MAX 32
/* Names behind one address of a hosts file. */
#define WR_HOSTS_NAMES_MAX 256
/* DNS64: records of one set that addresses are made of; the rest is left out. What fits 1232 octets is 40. */
#define WR_DNS64_RECORDS_MAX 128
/* Prefixes of dns64.exclude; looked through one by one. */
#define WR_DNS64_EXCLUDES_MAX 32
/* Options of one router advertisement, and prefixes of translators among them: a router has some for each prefix of a link. */
#define WR_ROUTERADV_OPTIONS_MAX  256
#define WR_ROUTERADV_PREFIXES_MAX 8
/* Resolvers of one; RFC 8106 section 5.3.1 has hosts keep three. */
#define WR_ROUTERADV_RESOLVERS_MAX 16
/* Prefixes of translators, each by each router, that are remembered; anybody on the link can make up routers. */
#define WR_PREF64_MAX 32
/* Interfaces whose routers are believed. */
#define WR_ROUTERS_LINKS_MAX 8
/* Places that are looked at for a range that may leave; then the last one leaves, used or not. */
#define WR_RANGES_LOOKS_MAX 64
/* Seconds that a proven range is used for, whatever its TTL says (RFC 8198 section 5.4 has three hours for this). */
#define WR_RANGES_TTL_MAX 10800
/* Blocks of SHA-1 for one look into the NSEC3 ranges: 34 labels of a reverse IPv6 name with 10 iterations; 0.1 ms. */
#define WR_NSECACHE_BLOCKS_MAX 400
/* Steps of the proof that follows. Each hashes WR_DNSSEC_STEP_BLOCKS_MAX blocks, so the first is the last. */
#define WR_NSECACHE_TURNS_MAX 3
/* Time servers; all are asked in each round, and each is compared with each. */
#define WR_TIME_SERVERS_MAX 8
/* With as many Roughtime servers. */
#define WR_TIME_RUNGS_MAX (2 * WR_TIME_SERVERS_MAX)
/* Addresses that are kept of the name of one; a pool has four. */
#define WR_TIME_ADDRS_MAX 8
/* Datagrams that are no reply to the question, before it is asked anew: who cannot see it may guess 64 bits as often. */
#define WR_TIME_FOREIGN_MAX 16
/* Roughtime: tags of one message (a response has seven), versions that a server lists and nodes of a path (its draft has 32 of both), and
 * octets that a signature is over. */
#define WR_ROUGHTIME_TAGS_MAX     16
#define WR_ROUGHTIME_VERSIONS_MAX 32
#define WR_ROUGHTIME_PATH_MAX     32
#define WR_ROUGHTIME_SIGNED_MAX   512
/* Replies that are kept to convict who lies, and octets of one: it must not be longer than its question; a deep tree and unknown tags. */
#define WR_ROUGHCHAIN_MAX      8
#define WR_ROUGHTIME_REPLY_MAX 1500
/* How long a reply is waited for, and so the longest round trip that a time is taken from: half of it is doubt. */
#define WR_TIME_TRIP_MAX_US (2 * WR_S)
/* What a Roughtime server may say of its own accuracy: with more it would agree with everybody. */
#define WR_TIME_RADIUS_MAX_S 60
/* What two servers that both know the time may say apart: half a round trip of the slowest, a second for a smeared leap second. */
#define WR_TIME_AGREE_US INT64_C(3000000)

/* Oblivious DoH. Configurations that a target publishes (real ones publish one or two), and octets of all of them. */
#define WR_ODOH_CONFIGS_MAX      16
#define WR_ODOH_CONFIGS_SIZE_MAX 2048
/* Octets of a query of weir's own: the longest name with EDNS options is below 384; it is kept until the response is there. */
#define WR_ODOH_QUERY_MAX 512
/* After this nobody waits for the answer to an oblivious query, and its place may be taken: three times what a client query may last. */
#define WR_ODOH_ANSWER_MAX_US (30 * WR_S)
/* Oblivious queries that a worker has opened and not answered; each place is 150 octets. */
#define WR_ODOH_OUT_MAX 512
/* What an oblivious proxy carries at once for each worker, octets of one, and how long it waits for the target. */
#define WR_ODOH_CARRIED_MAX 128
/* Of these, those of one client, and of one network (an IPv6 client has as many addresses as it likes). */
#define WR_ODOH_CARRIED_CLIENT  32
#define WR_ODOH_CARRIED_NETWORK 64
#define WR_ODOH_CARRY_MAX       4096
#define WR_ODOH_CARRY_US        (5 * WR_S)
/* Oblivious queries of one connection that did not open: each costs a curve and is no question that a quota could count. A proxy that
 * carries for many has some after a change of keys; a flood of them has to pay a handshake for each so many. */
#define WR_ODOH_REFUSED_MAX 64
/* Octets of an oblivious query with its padding, opened; what one over plain HTTPS may have. */
#define WR_ODOH_HEARD_MAX 4096
/* Targets that a proxy may carry to, and octets of one's host with port and of its path, as they stand in a request. */
#define WR_ODOH_TARGETS_MAX    16
#define WR_ODOH_HOST_MAX       264
#define WR_ODOH_PATH_MAX       256
#define WR_ODOH_PARAMETERS_MAX 2048

/* `weir check name`. Questions and probes for one name: a domain with eight kinds of relay and some services has about 120. */
#define WR_DOCTOR_FACTS_MAX 192
/* Records kept of one answer; of sets with more the first ones are looked at. */
#define WR_DOCTOR_RECORDS_MAX 32
/* Records and octets kept in all. */
#define WR_DOCTOR_KEPT_MAX   2048
#define WR_DOCTOR_OCTETS_MAX ((size_t)256 * 1024)
/* Findings that are told, the worst first; nobody mends more at once. All are counted. */
#define WR_DOCTOR_FINDINGS_MAX 64
/* Those not told that are still known when they are found again; what is beyond may be counted twice. */
#define WR_DOCTOR_UNKEPT_MAX 512
/* Questions and probes that go to one address other than the resolver's: a zone of strangers chooses them. A name server of a
 * domain with relays and services is asked about a dozen (tests/e2e/doctor.py). */
#define WR_DOCTOR_ADDRESS_MAX 64
/* Things that are found out before the facts are judged anew. */
#define WR_DOCTOR_WANTS_MAX 16
/* Targets of one set that are looked at, and services of one type: each is some questions and probes. */
#define WR_DOCTOR_TARGETS_MAX 12
/* NAPTR records that lead to others (RFC 3403 has no bound; RFC 5928 section 3 needs two). */
#define WR_DOCTOR_NAPTR_MAX 3
/* HTTPS or SVCB records in AliasMode that lead to one another: section 2.4.2 of RFC 9460 wants clients to follow one at least, and
 * leaves their limit to them. */
#define WR_DOCTOR_BINDINGS_MAX 4
/* Ports that are tried of a bare host. */
#define WR_DOCTOR_PORTS_MAX 8
/* Aliases in a row that are told as too many: resolvers give up at 8 (glibc's time-outs add up) to 16. */
#define WR_DOCTOR_CHAIN_MAX 8
/* Milliseconds for all of it, unless --timeout says otherwise, and the most that it may say. */
#define WR_DOCTOR_TOTAL_MS     30000
#define WR_DOCTOR_TOTAL_MAX_MS 600000
/* With less left the time is up: a question that nobody could answer in time would be told as silence. */
#define WR_DOCTOR_LEAST_MS 50
/* Milliseconds for one try of a question to the resolver, which asks others; and how often it is tried. */
#define WR_DOCTOR_ASK_MS    4000
#define WR_DOCTOR_ASK_TRIES 2
/* The same for a name server, which only has to look. */
#define WR_DOCTOR_SERVER_MS    1500
#define WR_DOCTOR_SERVER_TRIES 2
/* Milliseconds until an address counts as dead: a SYN is sent again after one second, once. */
#define WR_DOCTOR_PROBE_MS 2500
/* Attributes of a STUN message that are walked over; a binding response has three to eight. */
#define WR_STUN_ATTRIBUTES_MAX 64
/* RFC 8489 section 6.2.1: first wait for a binding response; it doubles. */
#define WR_DOCTOR_STUN_RTO_MS 500

/* RFC 8467 section 4.1: answers to padded queries over an encrypted transport are multiples of it. */
#define WR_REPLY_BLOCK 468
/* TLS. Certificates in a peer's chain: public ones have two to four. */
#define WR_TLS_CERTS_MAX 12
/* Octets of a handshake that a server may send (its chain), and that a client may (hello, chain): certificates of 64 KiB are an attack on
 * memory and time. */
#define WR_TLS_CHAIN_OCTETS_MAX 32768
#define WR_TLS_HELLO_OCTETS_MAX 16384
/* Turns of one call of the TLS library that bring neither plaintext nor want of octets: warnings, tickets, key updates. */
#define WR_TLS_STEPS_MAX 64
/* PEM octets of one chain, of a key, of the anchors (the public set is 220 KiB); pairs of one listener; anchors. */
#define WR_CREDS_CHAIN_OCTETS_MAX   16384
#define WR_CREDS_KEY_OCTETS_MAX     16384
#define WR_CREDS_ANCHORS_OCTETS_MAX (1024 * 1024)
#define WR_CREDS_PAIRS_MAX          8
/* Names of one certificate that are looked at. */
#define WR_CREDS_ALTERNATIVES_MAX 128

/* Policy. Rules of the owner, and lists of approved names: each query may have to be held against all that name nothing. */
#define WR_POLICY_RULES_MAX 512
/* Those that the owner writes; the rest is for feeds with a verdict of their own. */
#define WR_CONF_RULES_MAX   (WR_POLICY_RULES_MAX - WR_FEEDS_MAX)
#define WR_POLICY_ONLYS_MAX 128
/* Segments, and interfaces or subnets of one of them. */
#define WR_SEGMENTS_MAX       64
#define WR_SEGMENT_PLACES_MAX 64
/* Response policy zones: each costs a query some looks for each part of its name. */
#define WR_POLICY_ZONES_MAX 64
/* Prefixes of one rule. */
#define WR_POLICY_PREFIXES_MAX 4096
/* Names that one key of a rule or a list may have; longer lists are feeds. */
#define WR_POLICY_NAMES_MAX 4096
/* Changes of the local time (summer and winter) that are known beforehand: fifteen years. */
#define WR_POLICY_OFFSETS_MAX 40
/* Servers that may have answered for a name, and their addresses: what policy holds its triggers against. */
#define WR_ANSWERERS_NAMES_MAX 32
#define WR_ANSWERERS_ADDRS_MAX 64
/* Hundredths above which a device is known well enough to be put in quarantine for what it asks; conflicts and unproven claims are below. */
#define WR_POLICY_SURE_MIN 50
/* Names that rules lead to, one behind the other (CNAMEs of their own). */
#define WR_POLICY_LEADS_MAX 4
/* Records that one rule gives, and octets of them: they are part of each answer. */
#define WR_POLICY_RECORDS_MAX 32
#define WR_POLICY_RECORD_SIZE 1024
/* Octets of a rule's name with the NUL, and of the words that a denial says for itself. */
#define WR_POLICY_NAME_SIZE   64
#define WR_POLICY_REASON_SIZE 192
/* Names of one device that a profile is learned from (each is two ACEs of it, or four), and after how long one that does not exist has to be asked for again
 * to be among them. */
#define WR_LEARN_NAMES_MAX 1000
#define WR_LEARN_AGAIN_S   3600
/* Devices. Lines of the table that are tried for one address, and times a line is read anew that changes meanwhile. */
#define WR_DEVICE_LINES_MAX 16
#define WR_DEVICE_TRIES_MAX 16
/* Hundredths of certainty for who only says a name. */
#define WR_DEVICE_SURE_CLAIM 40
/* And for a MAC address that a server who asks for others gives. */
#define WR_DEVICE_SURE_HOP 70
/* Addresses of one device: two prefixes with a stable and some temporary ones (RFC 8981), IPv4, link-local. What it is known by: MAC
 * addresses of its ports and those it has made up, identifiers, names, how it asks for an address. The one unseen for longest leaves;
 * of names, fingerprints and classes there are few at a time, so that they push nothing else out. */
#define WR_CENSUS_ADDRESSES_MAX 24
#define WR_CENSUS_MARKS_MAX     24
#define WR_CENSUS_ALIKE_MAX     4
/* A device had more addresses than that so lately that one of those may still be in use, by nobody who is known. */
#define WR_CENSUS_CROWD_S 3600
/* A device that made up a new MAC address is known again when its old ones were silent for so long. */
#define WR_CENSUS_QUIET_S 60
/* A conflict is over when its reason is so long ago; who is silent for so long has left an address to who contests it. */
#define WR_CENSUS_CONFLICT_S 600
/* An address without a lease that moves: who had it was there a moment ago. */
#define WR_CENSUS_MOMENT_S 60
/* Without a lease, an address is forgotten: IPv4, and IPv6 (temporary ones live for two days). */
#define WR_CENSUS_IPV4_S 86400
#define WR_CENSUS_IPV6_S (7 * 86400)
/* Neighbour spoofing: a device that was seen for less than the first is a guest, and forgotten after the second. */
#define WR_CENSUS_GUESTS_A_SECOND 64 /* that may take somebody's place: each costs a look at all */
#define WR_CENSUS_GUEST_S         600
#define WR_CENSUS_FORGET_S        86400
/* DHCP as it is heard. Octets of a packet; of one thing that a client says, as of what DHCPv4 can say in one option; options of a message,
 * padding counted. */
#define WR_DHCP_PACKET_MAX  1500
#define WR_DHCP_FIELD_MAX   255
#define WR_DHCP_OPTIONS_MAX 512
/* Interfaces on which it is heard. */
#define WR_DHCP_EARS_MAX 16
/* The table of kinds: its file, its lines, and beginnings of MAC addresses of all vendors that it names. */
#define WR_KINDS_FILE_MAX  (1 << 20)
#define WR_KINDS_LINES_MAX 4096
#define WR_KINDS_OUIS_MAX  65536
/* Facts of the firewall: 64 segments with their places and resolvers, addresses of DNS over HTTPS, devices in quarantine; octets of the text that is
 * made of them; and the time that nft may take for it. */
#define WR_RULESET_ITEMS_MAX 32768
#define WR_RULESET_TEXT_MAX  ((size_t)4 << 20)
#define WR_FIREWALL_NFT_MS   5000
/* Tries past weir: elements of each of the kernel's six sets, what is remembered of them, and of one MAC address; all can be made up by strangers. */
#define WR_BYPASS_SET_MAX  512
#define WR_BYPASS_ROWS_MAX 1024
#define WR_BYPASS_OWN_MAX  64
/* Feeds of addresses that the firewall takes. */
#define WR_FIREWALL_FEEDS_MAX 8
/* MUD profiles (RFC 8520). Octets of a file (the largest of 35 that were collected has 80 000), of a signature; ACEs (the most there: 201); octets of all texts of one;
 * lists, and lists that a policy names; extensions; hours that it counts where it does not say. */
#define WR_MUD_FILE_MAX       ((size_t)1 << 20)
#define WR_MUD_SIGNATURE_MAX  65536
#define WR_MUD_ACES_MAX       4096
#define WR_MUD_TEXTS_MAX      ((size_t)1 << 19)
#define WR_MUD_LISTS_MAX      64
#define WR_MUD_EXTENSIONS_MAX 8
#define WR_MUD_VALIDITY_H     48
#define WR_MUD_VALIDITY_MAX_H 168
/* Seconds between two profiles that are fetched again, and until one that could not be is asked for again: the first time, and at most (it doubles). */
#define WR_MUD_DUE_GAP_S    5
#define WR_MUD_DUE_FETCH_MS 30000 /* of one, in all */
#define WR_MUD_DUE_FIRST_S  900
#define WR_MUD_DUE_MOST_S   86400
/* Controllers that the owner names; what profiles open by address, of all devices: a rule each. */
#define WR_MUD_CONTROLLERS_MAX 64
#define WR_RULESET_PERMITS_MAX 8192
/* Classes of devices by who made them (a manufacturer, a model) that profiles in force name, of all devices together; devices of them that `weir mud show` tells. */
#define WR_MUD_KIN_MAX      256
#define WR_MUD_KIN_EACH_MAX 16 /* of one profile */
#define WR_MUD_KIN_SHOW_MAX 128
/* Devices with a profile in force, or one that is kept. */
#define WR_MUD_DEVICES_MAX 4096
/* Devices whose leases end at once, because a profile has come in force. */
#define WR_MUD_NARROWED_MAX 64
/* Devices whose announced URL is kept, and lines of the file of a helper. */
#define WR_MUD_OFFERS_MAX      256
#define WR_MUD_OFFER_LINES_MAX 4096
/* Octets of a URL, of a text that a profile says of itself, each with the NUL. */
#define WR_MUD_URL_SIZE  512
#define WR_MUD_INFO_SIZE 256
/* The longest quarantine with an end. */
#define WR_QUARANTINE_FOR_MAX_S (366 * 86400)
/* Connections of devices in quarantine that are cut in one go, of a table that strangers fill. */
#define WR_CONNTRACK_CUT_MAX 65536
/* Connections that are looked at to say who has most of them: 3 % off at the worst. */
#define WR_CONNTRACK_SAMPLE_MAX 1024
/* Leases (policy/lease.h). Addresses of one answer that are leased; the rest is taken out of it: a name with a thousand addresses opens no
 * thousand. Ports that a lease may be for; asks of one message to the process that has the privilege. */
#define WR_LEASE_DESTS_MAX 32
#define WR_LEASE_PORTS_MAX 8
#define WR_LEASE_BATCH_MAX 64
/* Microseconds that an answer waits for the firewall (design section 4); then the segment's `fail` decides. */
#define WR_LEASE_WAIT_US 5000
/* Answers of one worker that wait so at once: those of up to WR_LEASE_SMALL_SIZE octets, and larger ones over connections. */
#define WR_LEASE_SMALL_MAX  512
#define WR_LEASE_SMALL_SIZE 1536
#define WR_LEASE_LARGE_MAX  16
/* Addresses of devices that the process with the privilege is told, for those behind other routers. */
#define WR_LEASE_KNOWN_MAX 32768
/* Seconds for which a lease may be asked: what the longest TTL (RFC 8767 section 4: a week) and the longest floor and grace want. */
#define WR_LEASE_FOR_MAX_S (15 * 86400)

#endif
