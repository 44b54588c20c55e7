/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secure: which zones of the tree are signed, what is wrong with them, and so what a validator must say of each.
 *
 * Each zone has a state for the whole run, drawn from the seed; the root's is whole, and its key is what the gateway trusts. From the
 * states, and nothing else, follows the verdict (RFC 4033 section 5): secure is what every zone on the way from the root makes so; below a
 * delegation without DS everything is insecure; what is bogus takes all below with it. Two of the faults are about time: while the gateway
 * does not know it, they cannot be seen.
 *
 * secure_dress makes of an answer without DNSSEC one that has it, as a server of those zones would: signatures over what is its own, DS or the denial
 * of DS with a referral, NSEC with a denial, each covering no more than the name in question (RFC 4470). A name is denied by a range from right
 * before it to right behind it.
 *
 * Shares no code with src/ except base.
 */
#ifndef WEIR_SIM_SECURE_H
#define WEIR_SIM_SECURE_H

#include "oracle.h"
#include "sign.h"
#include "wire.h"

#define SECURE_TOPS  4
#define SECURE_ZONES (1 + SECURE_TOPS + ORACLE_ZONES)

enum secure_state {
    SECURE_WHOLE = 0,
    SECURE_UNSIGNED,  /* and no DS: the zone above proves it */
    SECURE_ISLAND,    /* signed, no DS */
    SECURE_OTHER_KEY, /* its data are signed by a key that it does not have */
    SECURE_OTHER_DS,  /* the DS is that of another key */
    SECURE_EXPIRED,   /* its signatures ended */
    SECURE_EARLY,     /* ... or are not valid yet */
    SECURE_STRIPPED,  /* there is a DS, and no signature */
    SECURE_STATES
};

enum secure_verdict { SECURE_IS_BOGUS = 0, SECURE_IS_INSECURE, SECURE_IS_SECURE };

struct secure_zone {
    uint8_t name[WIRE_NAME_SIZE];
    unsigned parent; /* index; the root's is its own */
    enum secure_state state;
    struct sign_key key, other;
    uint64_t spoilt_us; /* when somebody last answered a question for its keys with a lie */
};

struct secure {
    bool on;
    unsigned zones;
    struct secure_zone zone[SECURE_ZONES]; /* parents first */
    int64_t wall_s;                        /* the date as the world begins */
    uint8_t anchor[SIGN_DS_SIZE];          /* the root's DS */
};

void secure_init(struct secure *s, const struct oracle *o, uint64_t seed, int64_t wall_s);
void secure_free(struct secure *s);
const char *secure_state_name(enum secure_state state);
/* The zone that the name is in. */
unsigned secure_zone_of(const struct secure *s, const uint8_t *name);
/* The zone of exactly this name, or -1. */
int secure_apex(const struct secure *s, const uint8_t *name);
/* `timeless`: by somebody who does not know the time: never worse. */
enum secure_verdict secure_verdict(const struct secure *s, unsigned zone, bool timeless);
/* Of all that an answer to the question is made of, the worst. */
enum secure_verdict secure_verdict_of(const struct secure *s, const struct oracle *o,
                                      const uint8_t *qname, uint16_t qtype, bool timeless);

/* Writes the keys of the zone, or the DS above it; false: it has none. */
bool secure_put_keys(const struct secure *s, struct wire_out *out, unsigned zone);
bool secure_put_ds(const struct secure *s, struct wire_out *out, unsigned zone);
/* `has`: the zones that the server speaks for. */
void secure_dress(const struct secure *s, const struct oracle *o, const bool has[SECURE_ZONES],
                  struct wire_out *out);
/* The signature that this set must have; 0: its zone gives none. */
size_t secure_signature(const struct secure *s, const struct oracle *o, unsigned zone,
                        const struct wire_rr *rr, unsigned n, uint8_t ret[SIGN_RRSIG_MAX]);

#endif
