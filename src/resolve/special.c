/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/special.h"

#include <string.h>

#include "base/check.h"
#include "dns/codes.h"

/* RFC 6303 section 3. */
#define ZONE_TTL_S 10800

#define NX(name, why)                                       \
    {                                                       \
        name, WR_SPECIAL_NXDOMAIN, "special-use name: " why \
    }
#define EMPTY(name, why)                                    \
    {                                                       \
        name, WR_SPECIAL_EMPTY, "locally served zone: " why \
    }

/* 100.64.0.0/10, shared address space: each of its second octets is a zone. */
#define SHARED(n)    EMPTY(#n ".100.in-addr.arpa.", "RFC 7793")
#define PRIVATE20(n) EMPTY(#n ".172.in-addr.arpa.", "RFC 6303")

static const struct wr_special_row table[] = {
    {"localhost.", WR_SPECIAL_LOOPBACK, "special-use name: RFC 6761 section 6.3"},
    NX("test.", "RFC 6761 section 6.2"),
    NX("invalid.", "RFC 6761 section 6.4"),
    NX("local.", "RFC 6762 section 22.1, multicast DNS"),
    NX("onion.", "RFC 7686"),
    NX("alt.", "RFC 9476"),
    NX("internal.", "reserved for private use by ICANN, 2024"),
    NX("6tisch.arpa.", "RFC 9031"),
    NX("eap-noob.arpa.", "RFC 9140"),
    EMPTY("home.arpa.", "RFC 8375"),
    EMPTY("service.arpa.", "RFC 9665"),
    {"resolver.arpa.", WR_SPECIAL_NODATA, "locally served zone: RFC 9462 section 8.2"},
    /* A gateway may stand below a NAT64: whoever does DNS64 has to be asked (RFC 8880 section 7.1). */
    {"ipv4only.arpa.", WR_SPECIAL_PASS, "RFC 8880"},
    {"170.0.0.192.in-addr.arpa.", WR_SPECIAL_PASS, "RFC 8880"},
    {"171.0.0.192.in-addr.arpa.", WR_SPECIAL_PASS, "RFC 8880"},
    /* RFC 6303 section 4.1: private IPv4. */
    EMPTY("10.in-addr.arpa.", "RFC 6303"),
    PRIVATE20(16),
    PRIVATE20(17),
    PRIVATE20(18),
    PRIVATE20(19),
    PRIVATE20(20),
    PRIVATE20(21),
    PRIVATE20(22),
    PRIVATE20(23),
    PRIVATE20(24),
    PRIVATE20(25),
    PRIVATE20(26),
    PRIVATE20(27),
    PRIVATE20(28),
    PRIVATE20(29),
    PRIVATE20(30),
    PRIVATE20(31),
    EMPTY("168.192.in-addr.arpa.", "RFC 6303"),
    /* Section 4.2: this network, loopback, link-local, documentation, broadcast. */
    EMPTY("0.in-addr.arpa.", "RFC 6303"),
    {"127.in-addr.arpa.", WR_SPECIAL_LOOPBACK_REVERSE, "locally served zone: RFC 6303"},
    EMPTY("254.169.in-addr.arpa.", "RFC 6303"),
    EMPTY("2.0.192.in-addr.arpa.", "RFC 6303"),
    EMPTY("100.51.198.in-addr.arpa.", "RFC 6303"),
    EMPTY("113.0.203.in-addr.arpa.", "RFC 6303"),
    EMPTY("255.255.255.255.in-addr.arpa.", "RFC 6303"),
    /* Sections 4.3 to 4.6: unspecified, loopback, local, link-local and documentation IPv6. */
    EMPTY("0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.", "RFC 6303"),
    {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.",
     WR_SPECIAL_LOOPBACK_REVERSE, "locally served zone: RFC 6303"},
    EMPTY("d.f.ip6.arpa.", "RFC 6303"),
    EMPTY("8.e.f.ip6.arpa.", "RFC 6303"),
    EMPTY("9.e.f.ip6.arpa.", "RFC 6303"),
    EMPTY("a.e.f.ip6.arpa.", "RFC 6303"),
    EMPTY("b.e.f.ip6.arpa.", "RFC 6303"),
    EMPTY("8.b.d.0.1.0.0.2.ip6.arpa.", "RFC 6303"),
    SHARED(64),
    SHARED(65),
    SHARED(66),
    SHARED(67),
    SHARED(68),
    SHARED(69),
    SHARED(70),
    SHARED(71),
    SHARED(72),
    SHARED(73),
    SHARED(74),
    SHARED(75),
    SHARED(76),
    SHARED(77),
    SHARED(78),
    SHARED(79),
    SHARED(80),
    SHARED(81),
    SHARED(82),
    SHARED(83),
    SHARED(84),
    SHARED(85),
    SHARED(86),
    SHARED(87),
    SHARED(88),
    SHARED(89),
    SHARED(90),
    SHARED(91),
    SHARED(92),
    SHARED(93),
    SHARED(94),
    SHARED(95),
    SHARED(96),
    SHARED(97),
    SHARED(98),
    SHARED(99),
    SHARED(100),
    SHARED(101),
    SHARED(102),
    SHARED(103),
    SHARED(104),
    SHARED(105),
    SHARED(106),
    SHARED(107),
    SHARED(108),
    SHARED(109),
    SHARED(110),
    SHARED(111),
    SHARED(112),
    SHARED(113),
    SHARED(114),
    SHARED(115),
    SHARED(116),
    SHARED(117),
    SHARED(118),
    SHARED(119),
    SHARED(120),
    SHARED(121),
    SHARED(122),
    SHARED(123),
    SHARED(124),
    SHARED(125),
    SHARED(126),
    SHARED(127),
};

size_t wr_special_rows(const struct wr_special_row **ret_rows)
{
    *ret_rows = table;
    return WR_ARRAY_LEN(table);
}

const char *wr_special_treatment_text(uint8_t treatment)
{
    static const char *const texts[] = {
        [WR_SPECIAL_NXDOMAIN] = "NXDOMAIN",
        [WR_SPECIAL_EMPTY] = "empty zone",
        [WR_SPECIAL_NODATA] = "NODATA",
        [WR_SPECIAL_LOOPBACK] = "loopback addresses",
        [WR_SPECIAL_LOOPBACK_REVERSE] = "localhost",
        [WR_SPECIAL_PASS] = "asked like any other",
    };
    wr_assert(treatment < WR_ARRAY_LEN(texts));
    return texts[treatment];
}

void wr_special_name(const struct wr_special_row *row, struct wr_name *ret_name)
{
    int err = wr_name_from_text(row->name, strlen(row->name), ret_name);
    wr_assert(err == WR_OK); /* the table's own text */
}

bool wr_special_zone(const struct wr_special_row *row, const struct wr_name *name,
                     struct wr_local_zone *ret_zone)
{
    static const uint8_t kinds[] = {
        [WR_SPECIAL_NXDOMAIN] = WR_LOCAL_NXDOMAIN,
        [WR_SPECIAL_EMPTY] = WR_LOCAL_AUTHORITATIVE,
        [WR_SPECIAL_NODATA] = WR_LOCAL_NODATA,
        [WR_SPECIAL_LOOPBACK] = WR_LOCAL_AUTHORITATIVE,
        [WR_SPECIAL_LOOPBACK_REVERSE] = WR_LOCAL_AUTHORITATIVE,
    };
    if (row->treatment == WR_SPECIAL_PASS) {
        return false;
    }
    /* Reverse zones, home.arpa and their kin are delegated for real, without DS: that a validator may learn. */
    bool real = row->treatment != WR_SPECIAL_NXDOMAIN && row->treatment != WR_SPECIAL_LOOPBACK;
    *ret_zone = (struct wr_local_zone){.name = name->wire,
                                       .kind = kinds[row->treatment],
                                       .parent_has_ds = real,
                                       .ede = WR_EDE_OTHER,
                                       .ede_text = row->why,
                                       .ttl = ZONE_TTL_S,
                                       .negative_ttl = ZONE_TTL_S};
    return true;
}

uint32_t wr_special_records(const struct wr_special_row *row, struct wr_local_record *ret_records)
{
    static const uint8_t localhost[] = "\11localhost";
    static const uint8_t below[] = "\1*\11localhost";
    static const uint8_t reverse4[] = "\1\61\1\60\1\60\003127\7in-addr\4arpa";
    static const uint8_t reverse6[] =
        "\1\61\1\60\1\60\1\60\1\60\1\60\1\60\1\60\1\60\1\60\1\60\1\60\1\60\1\60\1\60\1\60\1\60"
        "\1\60\1\60\1\60\1\60\1\60\1\60\1\60\1\60\1\60\1\60\1\60\1\60\1\60\1\60\1\60\3ip6\4arpa";
    static const uint8_t v4[] = {127, 0, 0, 1}, v6[16] = {[15] = 1};
    static const struct wr_local_record addresses[] = {
        {localhost, v4, ZONE_TTL_S, WR_LOCAL_EVERYONE, WR_TYPE_A, sizeof(v4)},
        {localhost, v6, ZONE_TTL_S, WR_LOCAL_EVERYONE, WR_TYPE_AAAA, sizeof(v6)},
        {below, v4, ZONE_TTL_S, WR_LOCAL_EVERYONE, WR_TYPE_A, sizeof(v4)},
        {below, v6, ZONE_TTL_S, WR_LOCAL_EVERYONE, WR_TYPE_AAAA, sizeof(v6)},
    };
    _Static_assert(WR_ARRAY_LEN(addresses) == WR_SPECIAL_RECORDS_MAX, "said in the header");
    if (row->treatment == WR_SPECIAL_LOOPBACK) {
        memcpy(ret_records, addresses, sizeof(addresses));
        return WR_ARRAY_LEN(addresses);
    }
    if (row->treatment == WR_SPECIAL_LOOPBACK_REVERSE) {
        bool v4_row = row->name[2] == '7';
        ret_records[0] = (struct wr_local_record){v4_row ? reverse4 : reverse6,
                                                  localhost,
                                                  ZONE_TTL_S,
                                                  WR_LOCAL_EVERYONE,
                                                  WR_TYPE_PTR,
                                                  sizeof(localhost)};
        return 1;
    }
    return 0;
}
