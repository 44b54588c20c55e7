/* SPDX-License-Identifier: Apache-2.0 */
#include "base/check.h"
#include "base/err.h"
#include "base/str.h"
#include "dns/codes.h"

struct code {
    uint16_t number;
    const char *text;
};

/* IANA "Resource Record (RR) TYPEs", ascending. */
static const struct code types[] = {
    {1, "A"},           {2, "NS"},        {3, "MD"},        {4, "MF"},       {5, "CNAME"},
    {6, "SOA"},         {7, "MB"},        {8, "MG"},        {9, "MR"},       {10, "NULL"},
    {11, "WKS"},        {12, "PTR"},      {13, "HINFO"},    {14, "MINFO"},   {15, "MX"},
    {16, "TXT"},        {17, "RP"},       {18, "AFSDB"},    {19, "X25"},     {20, "ISDN"},
    {21, "RT"},         {22, "NSAP"},     {23, "NSAP-PTR"}, {24, "SIG"},     {25, "KEY"},
    {26, "PX"},         {27, "GPOS"},     {28, "AAAA"},     {29, "LOC"},     {30, "NXT"},
    {31, "EID"},        {32, "NIMLOC"},   {33, "SRV"},      {34, "ATMA"},    {35, "NAPTR"},
    {36, "KX"},         {37, "CERT"},     {38, "A6"},       {39, "DNAME"},   {40, "SINK"},
    {41, "OPT"},        {42, "APL"},      {43, "DS"},       {44, "SSHFP"},   {45, "IPSECKEY"},
    {46, "RRSIG"},      {47, "NSEC"},     {48, "DNSKEY"},   {49, "DHCID"},   {50, "NSEC3"},
    {51, "NSEC3PARAM"}, {52, "TLSA"},     {53, "SMIMEA"},   {55, "HIP"},     {56, "NINFO"},
    {57, "RKEY"},       {58, "TALINK"},   {59, "CDS"},      {60, "CDNSKEY"}, {61, "OPENPGPKEY"},
    {62, "CSYNC"},      {63, "ZONEMD"},   {64, "SVCB"},     {65, "HTTPS"},   {66, "DSYNC"},
    {67, "HHIT"},       {68, "BRID"},     {99, "SPF"},      {100, "UINFO"},  {101, "UID"},
    {102, "GID"},       {103, "UNSPEC"},  {104, "NID"},     {105, "L32"},    {106, "L64"},
    {107, "LP"},        {108, "EUI48"},   {109, "EUI64"},   {128, "NXNAME"}, {249, "TKEY"},
    {250, "TSIG"},      {251, "IXFR"},    {252, "AXFR"},    {253, "MAILB"},  {254, "MAILA"},
    {255, "ANY"},       {256, "URI"},     {257, "CAA"},     {258, "AVC"},    {259, "DOA"},
    {260, "AMTRELAY"},  {261, "RESINFO"}, {262, "WALLET"},  {263, "CLA"},    {264, "IPN"},
    {32768, "TA"},      {32769, "DLV"},
};

static const struct code classes[] = {
    {1, "IN"}, {3, "CH"}, {4, "HS"}, {254, "NONE"}, {255, "ANY"},
};

/* IANA "DNS RCODEs"; 16 is BADVERS in a message and BADSIG in a TSIG. */
static const struct code rcodes[] = {
    {0, "NOERROR"},  {1, "FORMERR"},    {2, "SERVFAIL"}, {3, "NXDOMAIN"},  {4, "NOTIMP"},
    {5, "REFUSED"},  {6, "YXDOMAIN"},   {7, "YXRRSET"},  {8, "NXRRSET"},   {9, "NOTAUTH"},
    {10, "NOTZONE"}, {11, "DSOTYPENI"}, {16, "BADVERS"}, {17, "BADKEY"},   {18, "BADTIME"},
    {19, "BADMODE"}, {20, "BADNAME"},   {21, "BADALG"},  {22, "BADTRUNC"}, {23, "BADCOOKIE"},
};

static const struct code opcodes[] = {
    {0, "QUERY"}, {1, "IQUERY"}, {2, "STATUS"}, {4, "NOTIFY"}, {5, "UPDATE"}, {6, "DSO"},
};

/* IANA "EDNS0 Option Codes (OPT)" */
static const struct code options[] = {
    {1, "LLQ"},
    {2, "UL"},
    {3, "NSID"},
    {5, "DAU"},
    {6, "DHU"},
    {7, "N3U"},
    {8, "ECS"},
    {9, "EXPIRE"},
    {10, "COOKIE"},
    {11, "KEEPALIVE"},
    {12, "PADDING"},
    {13, "CHAIN"},
    {14, "KEYTAG"},
    {15, "EDE"},
    {16, "CLIENTTAG"},
    {17, "SERVERTAG"},
    {18, "REPORTCHANNEL"},
    {19, "ZONEVERSION"},
    {26946, "DEVICEID"},
};

/* IANA "Extended DNS Error Codes" */
static const char *const ede_texts[] = {
    "Other Error",
    "Unsupported DNSKEY Algorithm",
    "Unsupported DS Digest Type",
    "Stale Answer",
    "Forged Answer",
    "DNSSEC Indeterminate",
    "DNSSEC Bogus",
    "Signature Expired",
    "Signature Not Yet Valid",
    "DNSKEY Missing",
    "RRSIGs Missing",
    "No Zone Key Bit Set",
    "NSEC Missing",
    "Cached Error",
    "Not Ready",
    "Blocked",
    "Censored",
    "Filtered",
    "Prohibited",
    "Stale NXDOMAIN Answer",
    "Not Authoritative",
    "Not Supported",
    "No Reachable Authority",
    "Network Error",
    "Invalid Data",
    "Signature Expired before Valid",
    "Too Early",
    "Unsupported NSEC3 Iterations Value",
    "Unable to conform to policy",
    "Synthesized",
    "Invalid Query Type",
};

/* What stands in rdata instead of a number. The first of several names for one number is the one that is printed. */

/* IANA "DNS Security Algorithm Numbers", with the names that are written without dashes as well */
static const struct code algorithms[] = {
    {1, "RSAMD5"},
    {2, "DH"},
    {3, "DSA"},
    {5, "RSASHA1"},
    {6, "DSA-NSEC3-SHA1"},
    {6, "DSANSEC3SHA1"},
    {7, "RSASHA1-NSEC3-SHA1"},
    {7, "NSEC3RSASHA1"},
    {7, "RSASHA1NSEC3SHA1"},
    {8, "RSASHA256"},
    {10, "RSASHA512"},
    {12, "ECC-GOST"},
    {12, "ECCGOST"},
    {13, "ECDSAP256SHA256"},
    {14, "ECDSAP384SHA384"},
    {15, "ED25519"},
    {16, "ED448"},
    {252, "INDIRECT"},
    {253, "PRIVATEDNS"},
    {254, "PRIVATEOID"},
};

/* RFC 4398 section 2.1 */
static const struct code certs[] = {
    {1, "PKIX"}, {2, "SPKI"},   {3, "PGP"},     {4, "IPKIX"}, {5, "ISPKI"},
    {6, "IPGP"}, {7, "ACPKIX"}, {8, "IACPKIX"}, {253, "URI"}, {254, "OID"},
};

/* RFC 1035 section 3.4.2: the protocols and services of WKS; those that were ever seen there */
static const struct code protocols[] = {
    {1, "ICMP"}, {2, "IGMP"}, {6, "TCP"}, {8, "EGP"}, {17, "UDP"},
};
static const struct code services[] = {
    {7, "ECHO"},     {9, "DISCARD"},   {11, "SYSTAT"},     {13, "DAYTIME"}, {15, "NETSTAT"},
    {19, "CHARGEN"}, {20, "FTP-DATA"}, {21, "FTP"},        {22, "SSH"},     {23, "TELNET"},
    {25, "SMTP"},    {37, "TIME"},     {42, "NAMESERVER"}, {43, "NICNAME"}, {43, "WHOIS"},
    {53, "DOMAIN"},  {69, "TFTP"},     {70, "GOPHER"},     {79, "FINGER"},  {80, "HTTP"},
    {80, "WWW"},     {88, "KERBEROS"}, {109, "POP2"},      {110, "POP3"},   {111, "SUNRPC"},
    {113, "AUTH"},   {119, "NNTP"},    {123, "NTP"},       {143, "IMAP"},   {161, "SNMP"},
    {179, "BGP"},    {443, "HTTPS"},
};

/* RFC 9859 section 2 */
static const struct code schemes[] = {{1, "NOTIFY"}};

static const struct {
    const struct code *table;
    size_t count;
    uint16_t max;
} words[] = {
    [WR_CODES_ALGORITHM] = {algorithms, WR_ARRAY_LEN(algorithms), UINT8_MAX},
    [WR_CODES_CERT] = {certs, WR_ARRAY_LEN(certs), UINT16_MAX},
    [WR_CODES_PROTOCOL] = {protocols, WR_ARRAY_LEN(protocols), UINT8_MAX},
    [WR_CODES_SERVICE] = {services, WR_ARRAY_LEN(services), UINT16_MAX},
    [WR_CODES_SCHEME] = {schemes, WR_ARRAY_LEN(schemes), UINT8_MAX},
    [WR_CODES_TSIG_ERROR] = {rcodes, WR_ARRAY_LEN(rcodes), UINT16_MAX},
};

static const char *find_text(const struct code *table, size_t count, uint16_t number)
{
    for (size_t i = 0; i < count; i++) {
        if (table[i].number == number) {
            return table[i].text;
        }
    }
    return NULL;
}

/* The name, or `generic` and the number. */
static size_t put_code(const char *text, const char *generic, uint16_t number, char *ret,
                       size_t cap)
{
    struct wr_str s;

    wr_str_init(&s, ret, cap);
    wr_str_text(&s, text ? text : generic);
    if (!text) {
        wr_str_u64(&s, number);
    }
    return s.len;
}

size_t wr_codes_type_text(uint16_t type, char *ret, size_t cap)
{
    return put_code(find_text(types, WR_ARRAY_LEN(types), type), "TYPE", type, ret, cap);
}

size_t wr_codes_class_text(uint16_t class_, char *ret, size_t cap)
{
    return put_code(find_text(classes, WR_ARRAY_LEN(classes), class_), "CLASS", class_, ret, cap);
}

size_t wr_codes_rcode_text(uint16_t rcode, char *ret, size_t cap)
{
    return put_code(find_text(rcodes, WR_ARRAY_LEN(rcodes), rcode), "RCODE", rcode, ret, cap);
}

size_t wr_codes_opcode_text(uint8_t opcode, char *ret, size_t cap)
{
    return put_code(find_text(opcodes, WR_ARRAY_LEN(opcodes), opcode), "OPCODE", opcode, ret, cap);
}

const char *wr_codes_option_text(uint16_t option)
{
    return find_text(options, WR_ARRAY_LEN(options), option);
}

const char *wr_codes_ede_text(int ede)
{
    return ede >= 0 && (size_t)ede < WR_ARRAY_LEN(ede_texts) ? ede_texts[ede] : "";
}

/* A name of the table, or `generic` with a number behind it (RFC 3597 section 5). */
static int read_code(const struct code *table, size_t count, const char *generic, size_t prefix,
                     const char *text, size_t n, uint16_t *ret)
{
    uint64_t v;

    for (size_t i = 0; i < count; i++) {
        if (wr_str_same_n(text, n, table[i].text)) {
            *ret = table[i].number;
            return WR_OK;
        }
    }
    if (n <= prefix || !wr_str_same_n(text, prefix, generic) ||
        wr_str_to_u64(text + prefix, n - prefix, 65535, &v)) {
        return WR_E_FORMAT;
    }
    *ret = (uint16_t)v;
    return WR_OK;
}

int wr_codes_type_from_text(const char *text, size_t n, uint16_t *ret_type)
{
    return read_code(types, WR_ARRAY_LEN(types), "TYPE", 4, text, n, ret_type);
}

int wr_codes_class_from_text(const char *text, size_t n, uint16_t *ret_class)
{
    return read_code(classes, WR_ARRAY_LEN(classes), "CLASS", 5, text, n, ret_class);
}

int wr_codes_word_from_text(enum wr_codes_word kind, const char *text, size_t n, uint16_t *ret)
{
    uint64_t v;
    int err;

    if (kind == WR_CODES_TSIG_ERROR && wr_str_same_n(text, n, "BADSIG")) {
        *ret = WR_RCODE_BADVERS; /* one number, two names */
        return WR_OK;
    }
    for (size_t i = 0; i < words[kind].count; i++) {
        if (wr_str_same_n(text, n, words[kind].table[i].text)) {
            *ret = words[kind].table[i].number;
            return WR_OK;
        }
    }
    err = wr_str_to_u64(text, n, words[kind].max, &v);
    if (!err) {
        *ret = (uint16_t)v;
    }
    return err;
}

const char *wr_codes_word_text(enum wr_codes_word kind, uint16_t number)
{
    if (kind == WR_CODES_TSIG_ERROR && number == WR_RCODE_BADVERS) {
        return "BADSIG";
    }
    return find_text(words[kind].table, words[kind].count, number);
}

/* OPT and NXNAME stand below or beside the range 128 to 255 that RFC 6895 keeps for meta types. */
bool wr_codes_type_is_meta(uint16_t type)
{
    return type == 0 || type == WR_TYPE_OPT || (type >= 128 && type <= 255);
}
