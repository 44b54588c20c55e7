/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asker: one client query, reduced to what is needed to decide about it and to write its reply.
 *
 * Plain value without pointers, so that it can wait for an upstream while the
 * datagram it came in is long gone. The name keeps the client's letter case.
 */
#ifndef WR_ENGINE_ASKER_H
#define WR_ENGINE_ASKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "dns/msg.h"
#include "engine/event.h"
#include "policy/verdict.h"
#include "policy/who.h"
#include "resolve/dns64.h"
#include "resolve/question.h"

enum wr_cookie_state {
    WR_COOKIE_NONE = 0, /* no cookie option */
    WR_COOKIE_CLIENT,   /* a client cookie alone, or with a server cookie that is wrong */
    WR_COOKIE_PROVEN,   /* a server cookie of ours: the address is the client's own */
};

/* For DNS64 another question is put in place of the one that came (engine/translate.h), and for a policy that gives a CNAME
 * (engine/rewrite.h); for a referral another is waited for, and this one stays. */
enum wr_turn {
    WR_TURN_NONE = 0,
    WR_TURN_ADDRESS,    /* AAAA, now A of the same name */
    WR_TURN_REVERSE,    /* PTR under ip6.arpa, now under in-addr.arpa */
    WR_TURN_REFER_NS,   /* without RD: the zone's own NS set is asked for, for the referral to it */
    WR_TURN_REFER_DS,   /* and its DS after that */
    WR_TURN_REFER_ROOT, /* or the root's NS set, when no delegation was known */
    WR_TURN_POLICY,     /* a name, now the target of a policy's CNAME */
};

struct wr_turned {
    uint32_t denial_ttl;        /* ADDRESS: of the answer to AAAA */
    uint8_t denial_security;    /* enum wr_security, likewise */
    uint8_t from;               /* enum wr_turn */
    uint8_t asked[WR_NAME_MAX]; /* REVERSE, POLICY: the name that was asked */
    uint8_t link;               /* POLICY: the link of its chain that the CNAME is of; */
    int16_t ede;                /* and the hit (policy/rpz.h): */
    uint16_t use;               /* which zone, */
    uint32_t entry;             /* which trigger in it */
    uint8_t rules;              /* POLICY, by rules (engine/given.h): which have led here, */
    uint16_t rule[WR_POLICY_LEADS_MAX]; /* in their order, */
    bool passed;                        /* and allow it: policy zones are not asked */
};

struct wr_asker {
    struct wr_client client;
    struct wr_question question; /* what is looked for */
    struct wr_turned turned;
    struct wr_who who;
    struct wr_verdict verdict; /* the last that was said: on the question, then on the answer */
    uint64_t judged_by;        /* serial of the settings that the question was judged by */
    bool policy_waits;         /* policy zones want to see the answer first */
    uint64_t asked_us;
    uint32_t rate; /* queries a second that its segment gives to one client; 0: as all have */
    uint64_t client_hash; /* the device, or its address */
    uint64_t
        prefix_hash; /* its network, which has more than one address but not without end; may be the same */
    uint16_t id;
    uint16_t flags; /* of the query */
    uint16_t qclass;
    uint16_t udp_size;   /* what the client takes over UDP, at least 512 */
    uint16_t query_size; /* octets it sent */
    uint8_t client_cookie[8];
    uint8_t cookie_state; /* enum wr_cookie_state */
    bool has_question;
    bool edns;
    bool nsid;
    bool padded; /* with the padding option */
};

void wr_asker_init(struct wr_asker *a, const struct wr_client *client, const struct wr_msg *msg,
                   uint64_t now_us);
/* A server that is believed has said which MAC address it asks for: that is who asks. From anybody else the option is passed over. */
void wr_asker_hop(struct wr_asker *a, const struct wr_edns *edns, const struct wr_prefix *hops,
                  uint32_t count);
/* What the client asked; it is in the reply and in the ledger. */
const uint8_t *wr_asker_name(const struct wr_asker *a);
uint16_t wr_asker_type(const struct wr_asker *a);
/* Over UDP and without a cookie of ours: anybody may have sent it, in the client's name. */
bool wr_asker_is_forgeable(const struct wr_asker *a);
/* Does it wait for the answer to another question, to be given a referral then? */
bool wr_asker_wants_referral(const struct wr_asker *a);

#endif
