/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chain: the validator. Given a question and what was answered, it says of each RRset and of the whole whether it
 * is secure, insecure, bogus or indeterminate (RFC 4033 section 5, RFC 4035 section 5), with the extended error,
 * the zone and the reason in words.
 *
 *     wr_chain_init(&ch, &env);                          once; then any number of answers, one after another
 *     wr_chain_start(&ch, &ask, &work);
 *     for (;;) switch (wr_chain_step(&ch, &now)) {
 *         case WR_DNSSEC_MORE:  others have their turn, then go on     (a step checks one signature at most)
 *         case WR_DNSSEC_FETCH: ask ch.fetch of the resolver, then wr_chain_feed(&ch, &reply)
 *         case WR_DNSSEC_DONE:  ch.verdict; `security` and `ttl` of each set in `ask` are set
 *     }
 *     wr_chain_stop(&ch);                                always, also in the middle
 *
 * It works for an iterator, that may hint where zone cuts are, and behind a forwarder, where nobody knows: the
 * signer of the signatures says which zone a set is of, and for what is unsigned the zone is looked for label by
 * label (dnssec/climb.h).
 *
 * How it judges. Each set of the answer section is checked, DNAMEs first; the first that is bogus ends it. A CNAME
 * that a secure DNAME makes needs no signature, and stands or falls with it (RFC 6672 section 5.3.1). A set
 * expanded from a wildcard wants the proof that nothing closer exists; a DNAME may not be expanded. A negative
 * answer wants its NSEC or NSEC3; when the zone of the name proves to be insecure it wants none. Of the authority
 * section only NSEC, NSEC3 and SOA are looked at, and only where they are needed: what stays UNCHECKED there is for
 * the caller to drop. Sets that come with SECURE are believed, of the authority section only when it is known which
 * zone proved them (wr_rrset_prover), those that come with INSECURE count as that. A set of the answer that was made
 * from a wildcard is SECURE when its proof was seen, and not before: whoever stops in the middle, or at a bogus end,
 * finds nothing half proven. RRSIG sets (of a question for
 * RRSIG) cannot be signed: insecure. The whole is the worst of what it needs. A question that is the same as the
 * one being judged is not fetched, but answered from `ask`.
 *
 * While time is unproven (dnssec/trusttime.h) SECURE means that signatures check and have not ended before the
 * floor: the caller sets no AD then, and clears the key cache when time is proven. A bogus answer is worth asking
 * of another server before it is refused; and where only the end of a CNAME chain is bogus, of asking for that end
 * alone.
 *
 * One valid signature by any algorithm that is relied on is enough (RFC 6840 section 5.11); no algorithm has to be
 * in all.
 *
 * Memory: one struct of 24 KiB; sets and names stay the caller's, and in place until DONE.
 */
#ifndef WR_DNSSEC_CHAIN_H
#define WR_DNSSEC_CHAIN_H

#include "dnssec/climb.h"

struct wr_chain_ask {
    const uint8_t *qname;
    uint16_t qtype, rcode;
    bool partial; /* the CNAME chain goes on elsewhere: what stands at its end is not asked here */
    struct wr_rrset *answer, *authority;
    uint8_t answers, authorities; /* at most WR_DNSSEC_SETS_MAX each; more is bogus */
    struct wr_cut_hints hints;
};

struct wr_chain_verdict {
    uint8_t security; /* enum wr_security; never UNCHECKED */
    /* Bogus only because a question of ours got no answer: a failure to resolve, where stale data may serve. */
    bool unreachable;
    /* The keys of a zone could not be had or proven, whoever gave the answer: nothing is said against that server. */
    bool keyless;
    /* What denies the data proves more: that there is no such name. Only when secure. */
    bool no_name;
    int16_t ede;         /* enum wr_ede; of an insecure one why it is no better, if it has a code */
    const char *reason;  /* static text, "" when secure */
    struct wr_name zone; /* the zone that it is about */
};

enum wr_chain_state {
    WR_CHAIN_PICK = 0,  /* which set is next */
    WR_CHAIN_CLIMB,     /* its zone's keys */
    WR_CHAIN_CHECK,     /* its signatures */
    WR_CHAIN_EXPANSION, /* the proofs that expanded sets want */
    WR_CHAIN_DENIAL,    /* the proof that a negative answer wants */
    WR_CHAIN_LOCATE,    /* it has none: is the zone of the name insecure? */
    WR_CHAIN_DONE,
    WR_CHAIN_STATES
};

/* What was found of one set of the answer. */
struct wr_chain_note {
    uint8_t zone_labels; /* of the zone that signed it, an ancestor of its owner */
    uint8_t sig_labels;
    bool proven; /* here, so that the two fields above hold */
    bool expanded;
};

struct wr_chain {
    const struct wr_dnssec_env *env;
    struct wr_dnssec_work *work;
    struct wr_chain_ask ask;
    enum wr_chain_state state;
    bool climbed;     /* `climb` is at the end of its way to `climb.target` */
    bool dnames_done; /* they go before what they make */
    bool in_authority;
    uint8_t index; /* of the set in work */
    struct wr_chain_note answer_notes[WR_DNSSEC_SETS_MAX];
    const uint8_t *last; /* the name at the end of the CNAME chain */
    bool negative;
    bool wants_proofs;
    bool asking; /* a proof is under way in `denial` */
    struct wr_rrsig_job job;
    int16_t deny_ede; /* why a set of the denial was of no use */
    const char *deny_reason;
    struct wr_dnssec_fetch fetch;
    struct wr_chain_verdict verdict;
    struct wr_climb climb;
    struct wr_denial denial; /* large, and seldom needed: it is set when one starts */
};

const char *wr_chain_state_name(enum wr_chain_state state);
void wr_chain_init(struct wr_chain *ch, const struct wr_dnssec_env *env);
void wr_chain_start(struct wr_chain *ch, const struct wr_chain_ask *ask,
                    struct wr_dnssec_work *work);
enum wr_dnssec_action wr_chain_step(struct wr_chain *ch, const struct wr_now *now);
void wr_chain_feed(struct wr_chain *ch, const struct wr_dnssec_reply *reply);
void wr_chain_stop(struct wr_chain *ch);

#endif
