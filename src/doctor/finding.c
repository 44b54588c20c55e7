/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/finding.h"

#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "dns/present.h"

#define ROW(code, word, severity, about, remedy, rfc) \
    [WR_FINDING_##code] = {word, WR_SEVERITY_##severity, about, remedy, rfc}

static const struct wr_finding_row rows[WR_FINDING_CODES] = {
    ROW(NO_REPLY, "no-reply", ERROR, "The resolver gives no answer that can be read.",
        "See that it runs and that its port can be reached from here; `weir status` tells of the "
        "gateway.",
        "RFC 1035 section 7"),
    ROW(REFUSED, "refused", ERROR,
        "The server does not want to answer this machine, or not this name.",
        "Ask from a network in `allow`, or ask a resolver and not a name server of other zones.",
        "RFC 1035 section 4.1.1"),
    ROW(FAILED, "failed", ERROR, "The resolver could not find out (SERVFAIL).",
        "Mend what the extended error names; `weir why NAME` tells which servers are asked and how "
        "they are.",
        "RFC 8914 section 4"),
    ROW(BOGUS, "bogus", ERROR, "The zone's signatures do not prove the answer, so it is withheld.",
        "Sign the zone again with a right clock and see that the DS records at the parent match "
        "its keys; until then, "
        "`weir anchors` can set a negative anchor.",
        "RFC 4035 section 5, RFC 8914 section 4"),
    ROW(BLOCKED, "blocked", ERROR, "A policy withholds the name.",
        "Allow the name where the policy is kept; the extended error says whose it is.",
        "RFC 8914 section 4.16"),
    ROW(NXDOMAIN, "nxdomain", ERROR, "The name does not exist.",
        "Look for a typing error, a missing last dot in a zone file, or a record that was never "
        "added.",
        "RFC 8020 section 2"),
    ROW(NO_DATA, "no-data", ERROR, "The name exists and has nothing that a client would look for.",
        "Add the record, or ask for the name that has it.", "RFC 2308 section 2.2"),
    ROW(STALE, "stale", WARNING,
        "The answer has outlived its TTL and is given because nothing fresh can be had.",
        "See why the zone's servers cannot be reached: is the uplink up?", "RFC 8767 section 4"),
    ROW(ALIAS_LOOP, "alias-loop", ERROR, "Aliases lead back to themselves.",
        "Let one of the records name the machine itself.",
        "RFC 1034 section 3.6.2, RFC 9460 section 2.4.2"),
    ROW(ALIAS_ENDLESS, "alias-endless", ERROR,
        "So many aliases in a row that resolvers give up before the last.",
        "Let the first alias name the last name.",
        "RFC 1034 section 3.6.2, RFC 9460 section 2.4.2"),
    ROW(ALIAS_CHAIN, "alias-chain", WARNING,
        "So many aliases in a row that some resolvers give up.",
        "Let the first alias name the last name.", "RFC 1034 section 3.6.2"),
    ROW(ALIAS_TARGET, "alias-target", ERROR,
        "A record names an alias where it must name the machine.",
        "Write the name that the alias stands for into the record, or give the target addresses of "
        "its own.",
        "RFC 2782 (Target), RFC 2181 section 10.3"),
    ROW(TARGET_NXDOMAIN, "target-nxdomain", ERROR, "A record names what does not exist.",
        "Add the target, or correct its spelling (a missing last dot appends the zone's name).",
        "RFC 8020 section 2, RFC 2782"),
    ROW(NO_ADDRESS, "no-address", ERROR, "There is neither an A nor an AAAA record.",
        "Give it an address.", "RFC 2782 (Target), RFC 1035 section 3.4.1"),
    ROW(BAD_ADDRESS, "bad-address", ERROR,
        "An address record has an address that no machine can have.",
        "Give the address by which others reach the machine.",
        "RFC 1122 section 3.2.1.3, RFC 4291 section 2"),
    ROW(LOCAL_ADDRESS, "local-address", WARNING,
        "An address means another machine to everyone who reads it (loopback, link-local), and the "
        "zone is not a local one.",
        "Give the address by which others reach the machine, or keep the name in a local zone.",
        "RFC 4472 section 2.1, RFC 1122 section 3.2.1.3"),
    ROW(NO_IPV6, "no-ipv6", WARNING,
        "There is no AAAA record: devices without IPv4 do not reach it.",
        "Add an AAAA record, or use DNS64 (`dns64.prefix`) with a translator.",
        "RFC 3596 section 2.1, RFC 6540 section 2"),
    ROW(NO_IPV4, "no-ipv4", WARNING, "There is no A record: devices without IPv6 do not reach it.",
        "Add an A record.", "RFC 1035 section 3.4.1"),
    ROW(NOT_OFFERED, "not-offered", WARNING,
        "The record says that the service is decidedly not there (target \".\").",
        "Name the machine that offers it, or remove the record if nobody shall think so.",
        "RFC 2782 (Target)"),
    ROW(ROOT_TARGET, "root-target", ERROR,
        "Target \".\" stands beside other records, where it means nothing.",
        "Remove that record, or all the others.", "RFC 2782 (Target), RFC 7505 section 3"),
    ROW(NO_TXT, "no-txt", WARNING,
        "A service has no TXT record, which each must have, if only an empty one.",
        "Add a TXT record with one empty string.", "RFC 6763 section 6.1"),
    ROW(NOT_BROWSABLE, "not-browsable", WARNING,
        "The service exists and is not in the list of its type, so nobody finds it.",
        "Add a PTR record from the type to it.", "RFC 6763 section 4.1"),
    ROW(NAPTR, "naptr", ERROR, "A NAPTR record cannot be used.",
        "For TURN: flag \"S\" and the name of an SRV record, or \"A\" and the name of a machine, "
        "service RELAY:turn.udp, "
        "turn.tcp, turn.tls or turn.dtls.",
        "RFC 5928 section 3, RFC 3958 section 2.2"),
    ROW(SVCB_BROKEN, "svcb-broken", ERROR,
        "An HTTPS or SVCB record is not as it must be: clients throw it away, or the whole set.",
        "Keys in ascending order and once, no-default-alpn only beside alpn, each key that "
        "mandatory names present.",
        "RFC 9460 sections 2.2, 2.4.3 and 8"),
    ROW(SVCB_MIXED, "svcb-mixed", WARNING,
        "A record with priority 0 (AliasMode) makes clients ignore all others of the set.",
        "Keep the alias, or the endpoints.", "RFC 9460 section 2.4.1"),
    ROW(SVCB_ALIASES, "svcb-aliases", WARNING,
        "There are several aliases (priority 0), of which a client takes one by chance.",
        "Keep one.", "RFC 9460 section 2.4.2"),
    ROW(SVCB_CHAIN, "svcb-chain", WARNING,
        "An alias (priority 0) leads to another: clients need not follow more than one.",
        "Let the first one name the last target.", "RFC 9460 section 2.4.2"),
    ROW(SVCB_MANDATORY, "svcb-mandatory", WARNING,
        "A parameter that few clients know is mandatory: the others pass over the record.",
        "Take the key out of mandatory, or add a record without it.", "RFC 9460 section 8"),
    ROW(SVCB_HINT, "svcb-hint", WARNING, "A hint names an address that the target does not have.",
        "Give the hint the target's addresses, or leave it out: resolvers add them.",
        "RFC 9460 section 7.3"),
    ROW(SVCB_ONLY, "svcb-only", WARNING,
        "There are HTTPS records and no address: clients that do not know them do not reach it.",
        "Add A and AAAA records to the name itself.", "RFC 9460 section 2.4.2"),
    ROW(SVCB_EQUAL, "svcb-equal", NOTE,
        "Two records of one priority have the same target and port: which parameters count is "
        "chance.",
        "Make one record of them, or give them different priorities.", "RFC 9460 section 2.4.1"),
    ROW(SVCB_IGNORED, "svcb-ignored", NOTE,
        "An alias (priority 0) has parameters, which clients ignore.",
        "Put them into the records that it leads to.", "RFC 9460 section 2.4.2"),
    ROW(TTL_SET, "ttl-set", WARNING, "Records of one set have different TTLs.",
        "Give all records of the set one TTL; caches take the lowest.", "RFC 2181 section 5.2"),
    ROW(TTL_CHAIN, "ttl-chain", WARNING,
        "What leads to an address lives far longer than the address, so it keeps leading to a "
        "machine that moved.",
        "Give both about the same TTL.", "RFC 1035 section 3.2.1, RFC 1912 section 2.2"),
    ROW(TTL_FAMILIES, "ttl-families", NOTE,
        "The A and the AAAA records have very different TTLs: a move is seen by half of the "
        "clients first.",
        "Give both the same TTL.", "RFC 1912 section 2.2"),
    ROW(LAME, "lame", ERROR,
        "The parent sends resolvers to a server that does not answer for the zone (lame "
        "delegation).",
        "Load the zone there, or have the parent take the NS record away.",
        "RFC 1912 section 2.8, RFC 9499 section 7"),
    ROW(SERVER_SILENT, "server-silent", ERROR, "A name server of the zone does not answer.",
        "Start it, open UDP and TCP port 53 to it, or take its NS record away at the parent and in "
        "the zone.",
        "RFC 2182 section 3.1"),
    ROW(SERVERS_UNHEARD, "servers-unheard", NOTE,
        "No name server answers this machine, though the resolver has answers: they could not be "
        "looked at.",
        "Run it where port 53 of the Internet can be reached.", "RFC 9210 section 4"),
    ROW(NS_DIFFER, "ns-differ", WARNING, "The parent and the zone itself name different servers.",
        "Have the parent's NS records changed to those of the zone.", "RFC 1034 section 4.2.2"),
    ROW(DEAD, "dead", ERROR, "Nobody answers at an address of the service.",
        "Start the service, open its port, or take the address out of the records.",
        "RFC 2782 (usage), RFC 8489 section 6.2"),
    ROW(PTR, "ptr", NOTE, "The address has another name in the reverse zone.",
        "Let the PTR record name this host, if software there or here compares them.",
        "RFC 1912 section 2.1"),
    ROW(NOT_PROBED, "not-probed", NOTE, "The address was not tried.",
        "For a host, name ports with --port.", "RFC 2782"),
    ROW(UNFINISHED, "unfinished", WARNING, "Not everything could be looked at.",
        "Give it more time with --timeout, or ask for a name below.", "RFC 9520"),
    ROW(NO_TIME, "no-time", ERROR, "The time was up before the resolver had said anything.",
        "Give it more time with --timeout: five seconds are what a client gives it. If it stays "
        "so, "
        "see that it runs.",
        "RFC 1035 section 4.2.1"),
};

const struct wr_finding_row *wr_finding_row(enum wr_finding_code code)
{
    wr_assert(code < WR_FINDING_CODES);
    return &rows[code];
}

const char *wr_severity_name(enum wr_severity severity)
{
    return severity == WR_SEVERITY_ERROR     ? "error"
           : severity == WR_SEVERITY_WARNING ? "warning"
                                             : "note";
}

void wr_findings_start(struct wr_findings *list)
{
    list->count = list->beyond = list->unkept_count = 0;
    memset(list->found, 0, sizeof(list->found));
}

struct wr_str *wr_finding_begin(struct wr_findings *list, enum wr_finding_code code,
                                const uint8_t *subject, uint16_t type)
{
    struct wr_finding *one = &list->item[list->count];

    wr_assert(list->count <= WR_DOCTOR_FINDINGS_MAX);
    one->code = (uint8_t)code;
    one->type = type;
    wr_name_set(&one->subject, subject);
    one->record[0] = '\0';
    wr_str_init(&list->text, one->what, sizeof(one->what));
    return &list->text;
}

void wr_finding_record(struct wr_findings *list, const struct wr_facts_rr *rr)
{
    struct wr_finding *one = &list->item[list->count];
    struct wr_str s;

    wr_str_init(&s, one->record, sizeof(one->record));
    wr_present_rr(&s, rr->owner, rr->ttl, WR_CLASS_IN, rr->type, rr->rdata, rr->size);
}

static enum wr_severity severity_of(const struct wr_finding *one)
{
    return wr_finding_row(one->code)->severity;
}

/* The severity is in it in the clear: no note can be made that stands for an error. */
static uint64_t hash_of(const struct wr_finding *one)
{
    struct wr_hash_key key = {{one->code, one->type}};

    key.k[0] ^= wr_hash_sip13_fold(&key, one->subject.wire, one->subject.size);
    return (wr_hash_sip13(&key, one->what, strlen(one->what)) & ~(uint64_t)3) | severity_of(one);
}

static bool is_known(const struct wr_findings *list, const struct wr_finding *one)
{
    uint64_t hash;

    for (unsigned i = 0; i < list->count; i++) {
        const struct wr_finding *other = &list->item[i];

        if (other->code == one->code && other->type == one->type &&
            wr_name_equal(other->subject.wire, one->subject.wire) &&
            !strcmp(other->what, one->what))
            return true;
    }
    hash = list->unkept_count ? hash_of(one) : 0;
    for (unsigned i = 0; i < list->unkept_count; i++)
        if (list->unkept[i] == hash)
            return true;
    return false;
}

static void drop(struct wr_findings *list, const struct wr_finding *one)
{
    list->beyond++;
    if (list->unkept_count < WR_DOCTOR_UNKEPT_MAX)
        list->unkept[list->unkept_count++] = hash_of(one);
}

/* The last of those that are least bad. */
static struct wr_finding *least(struct wr_findings *list)
{
    struct wr_finding *one = &list->item[0];

    for (unsigned i = 1; i < list->count; i++)
        if (severity_of(&list->item[i]) <= severity_of(one))
            one = &list->item[i];
    return one;
}

void wr_finding_end(struct wr_findings *list)
{
    const struct wr_finding *one = &list->item[list->count];
    struct wr_finding *other;

    if (is_known(list, one))
        return;
    list->found[severity_of(one)]++;
    if (list->count < WR_DOCTOR_FINDINGS_MAX) {
        list->count++;
        return;
    }
    other = least(list);
    if (severity_of(other) >= severity_of(one)) {
        drop(list, one);
        return;
    }
    drop(list, other);
    *other = *one;
}

unsigned wr_findings_count(const struct wr_findings *list, enum wr_severity severity)
{
    return list->found[severity];
}
