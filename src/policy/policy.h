/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy: what the owner's rules say of a query, compiled into one immutable snapshot with one look-up.
 *
 * Rules are walked in the order in which they are written; the first that says something wins, those in the shadow are only counted. A rule
 * says something when all that it names holds: who asks (segment, group, device, address), the name (itself, or it and all below, or that a
 * feed lists it or what it leads to), the type, and of the answer an alias in its chain or an address. What is not named holds for all.
 *
 * It is asked twice. On the question, before anything is looked up or asked: rules that name nothing of an answer decide there, so that
 * what is denied is told to nobody. On the answer that is about to be sent: all rules once more, in the same order, now with
 * what is in it and who was asked for it; what is in force by then counts, not what was when the question came.
 *
 * WR_VERDICT_DATA gives the rule's own records in place of the answer. Whether that is more or less than what there is cannot be told: where
 * it is not certain that the rule is for this client (below), it says NODATA.
 *
 * Approved names: a list for a segment, a group or devices. To whom such lists apply, a name that is in none of them is denied whatever
 * the rules say; a list opens nothing that a rule denies. The name asked has to be in it, the aliases behind it need not.
 *
 * A profile (policy/mudset) is such a list for one device, of names alone.
 *
 * All names of all rules and lists are in one table, a node for each and for each of its ancestors. A look-up descends from the root
 * label by label and ends at the first node that is missing: a name that no rule has to do with costs one or two labels.
 *
 * Hours are local ones, by the clock. While the time is not proven, a rule with hours that takes something away holds, and one that gives does not.
 * Likewise a rule that gives does not hold by device or group for a client of whom two things are said (WR_WHO_CONFLICT).
 *
 * Protection against rebinding stands behind the rules: an address of this network in the answer to a public name makes it an answer without
 * data, unless a rule allows it, the name is exempt, or the owner named who answers for it (a route).
 *
 * Memory: rules, lists and what they point to are the caller's and stay as long as the policy; the table lies in a block handed in.
 */
#ifndef WR_POLICY_POLICY_H
#define WR_POLICY_POLICY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"
#include "base/time.h"
#include "dns/name.h"
#include "dns/rrset.h"
#include "policy/feedset.h"
#include "policy/mudset.h"
#include "policy/verdict.h"
#include "policy/who.h"

/* Whom a rule or a list is about: each that is not empty has to hold. */
struct wr_policy_about {
    const uint16_t *segment;        /* labels */
    const struct wr_prefix *client; /* as wr_prefix_compile leaves them */
    uint32_t segments, clients;
    uint64_t groups, devices, kinds; /* one of these bits of each (wr_who.groups); 0: whoever */
};

struct wr_policy_names {
    const uint8_t *const *name; /* wire form */
    uint32_t count;
};

struct wr_policy_rule {
    char name[WR_POLICY_NAME_SIZE];
    uint16_t label;
    uint8_t action;   /* enum wr_verdict_action */
    const char *word; /* what the owner calls it (static), where that says more; or NULL */
    bool shadow;
    int16_t ede;   /* what a denial says of itself (RFC 8914) */
    uint16_t view; /* of WR_VERDICT_ROUTE: who is asked */
    struct wr_policy_about about;
    struct wr_policy_names exact, below; /* the name; the name and all below it */
    const uint16_t *
        feed; /* labels: what one of these lists, by the name, an alias or an address; or `exact`, `below` */
    uint32_t feeds;
    struct wr_policy_names except; /* below these the rule says nothing */
    const uint16_t *type;
    uint32_t types;
    /* When: from minute to minute of the local day, into the next when `to` is not behind `from`; on days that it begins on. */
    bool timed;
    uint16_t from_min, to_min;
    uint8_t days; /* bit 0: Sunday */
    /* Of the answer. */
    struct wr_policy_names alias; /* and all below it */
    const struct wr_prefix *address;
    uint32_t addresses;
    struct wr_policy_names server;       /* who was asked for it, by a name at or above his, */
    const struct wr_prefix *server_addr; /* or by address */
    uint32_t server_addrs;
    /* Of WR_VERDICT_DATA: sets in the stored form, without an owner; a CNAME is alone. */
    const struct wr_rrset *data;
    uint32_t datas;
    int16_t data_ede; /* what records that are given say of themselves */
};

/* Approved names of some. */
struct wr_policy_only {
    char name[WR_POLICY_NAME_SIZE]; /* of the segment, the group or the list */
    uint16_t label;
    struct wr_policy_about about;
    struct wr_policy_names below;
};

/* What a list is called. */
struct wr_policy_feed {
    uint16_t label;
    const char *name;
};

/* What is to be added to the time from this second on, to have the local one. */
struct wr_policy_offset {
    int64_t from_s;
    int32_t add_s;
};

/* What is compiled. */
struct wr_policy_spec {
    const struct wr_policy_rule *rule;
    const struct wr_policy_only *only;
    const struct wr_policy_feed *feed;
    uint32_t rules, onlys, feeds;
    uint32_t ttl_s;                        /* how long a client may remember a denial */
    const struct wr_policy_offset *offset; /* ascending */
    uint32_t offsets;
    /* Addresses of this network are not believed of names outside of it (rebinding), but for `private_names` and all below them. */
    bool rebinding;
    struct wr_policy_names private_names;
    const struct wr_mudset *mud; /* profiles in force; NULL: none */
    uint16_t mud_label;          /* what a refusal by one is called */
};

struct wr_policy;

/* Who was asked, as far as it is known. */
struct wr_policy_servers {
    const uint8_t *const *name; /* wire names */
    const struct wr_addr *addr;
    unsigned names, addrs;
};

/* One query. */
struct wr_policy_ask {
    const struct wr_who *who;
    const struct wr_addr *client;
    const uint8_t *name; /* as it was asked */
    uint16_t type;
    const struct wr_now *now;
    bool forgeable; /* anybody may have sent it, in the client's name */
    bool led; /* a rule has led from a name that is approved to this one: lists do not count */
    const struct wr_policy_servers *servers; /* of the answer; NULL: nobody is known */
    bool own; /* the owner has named who answers for the zone: its addresses may be private */
    /* By label, of this one writer: how often each rule has said something, in the shadow too. NULL: nothing is counted. */
    _Atomic uint64_t *hits;
    const struct wr_feedset *feeds; /* the lists in force, or NULL */
    /* Where nothing was found of this name, under these rules and lists (policy/silence): read, and added to. NULL: nobody remembers. */
    uint64_t *quiet;
};

size_t wr_policy_size(const struct wr_policy_spec *spec); /* octets of block that compile wants */
/* The block is 64-aligned. At most WR_POLICY_RULES_MAX rules and WR_POLICY_ONLYS_MAX lists. */
const struct wr_policy *wr_policy_compile(void *block, const struct wr_policy_spec *spec);

/* What is said of the question. WR_VERDICT_NONE: nothing that is to be obeyed (perhaps something in the shadow). */
struct wr_verdict wr_policy_question(const struct wr_policy *p, const struct wr_policy_ask *ask);
/* May any rule that the question has not settled hold for this answer? When it has an alias, and rules name such or feeds; an address of a rule
 * or, under protection against rebinding, of this network; and always when rules name servers, or addresses stand in a feed. */
bool wr_policy_wants_answer(const struct wr_policy *p, const struct wr_feedset *feeds,
                            const struct wr_rrset *sets, unsigned count);
/* What is said of the answer with these sets in its answer section; that of the question, when nothing else is. */
struct wr_verdict wr_policy_answer(const struct wr_policy *p, const struct wr_policy_ask *ask,
                                   const struct wr_rrset *sets, unsigned count);

bool wr_policy_wants_servers(const struct wr_policy *p);
/* Is there a rule that looks at answers and gives a CNAME? */
bool wr_policy_leads(const struct wr_policy *p);
/* Is nothing left of the answer with that? */
bool wr_policy_takes(uint8_t action);
/* Where the CNAME leads that a rule gives, or NULL. */
const uint8_t *wr_policy_target(const struct wr_policy_rule *r);

/* It has said something: `ask->hits`, if anything is counted. */
void wr_policy_count(const struct wr_policy_ask *ask, uint16_t label);

/* What it was compiled from. */
const struct wr_policy_spec *wr_policy_spec(const struct wr_policy *p);
/* The rule with this label, or NULL. */
const struct wr_policy_rule *wr_policy_rule_of(const struct wr_policy *p, uint16_t label);
/* The code and the words of an extended error for a verdict that denies; `room` holds WR_POLICY_REASON_SIZE. */
int16_t wr_policy_reason(const struct wr_policy *p, const struct wr_verdict *v, char *room);
uint32_t wr_policy_ttl(const struct wr_policy *p);

#endif
