/* SPDX-License-Identifier: Apache-2.0 */
#include "dnssec/chainproof.h"

#include "dns/codes.h"
#include "dnssec/chain_state.h"

/* The zone that proved a set of the answer. */
static const uint8_t *zone_of(const struct wr_rrset *set, const struct wr_chain_note *note)
{
    return wr_name_skip_labels(set->owner, wr_name_labels(set->owner) - note->zone_labels);
}

/* Starts the denial for a name with what the zone's keys proved. */
static void gather(struct wr_chain *ch, const uint8_t *zone, const uint8_t *name)
{
    wr_denial_start(&ch->denial, zone, name, ch->env->policy);
    for (uint8_t i = 0; i < ch->ask.authorities; i++) {
        const struct wr_rrset *set = &ch->ask.authority[i];
        const uint8_t *its = wr_rrset_prover(set);

        if (its && wr_name_equal(its, zone)) {
            wr_denial_add(&ch->denial, set);
        }
    }
    ch->asking = true;
}

/* What the answer's own authority section proves already of the DS that the climb asks for: an alias of a signed
 * zone comes with the denial of DS that its target needs. */
bool wr_chainproof_no_ds(struct wr_chain *ch, struct wr_dnssec_reply *ret_reply)
{
    const struct wr_climb *c = &ch->climb;
    enum wr_proof got;

    if (c->fetch.type != WR_TYPE_DS || c->fetch.again) {
        return false;
    }
    gather(ch, c->zone.wire, c->fetch.name.wire);
    got = wr_denial_empty(&ch->denial) ? WR_PROOF_NONE : wr_denial_no_ds(&ch->denial, ch->work);
    ch->asking = false;
    *ret_reply = (struct wr_dnssec_reply){
        .authority = ch->ask.authority, .authorities = ch->ask.authorities, .proven_only = true};
    return got == WR_PROOF_DELEGATION || got == WR_PROOF_NO_CUT;
}

static bool too_many_iterations(const struct wr_chain *ch)
{
    return ch->denial.nsec3.count > 0 &&
           ch->denial.nsec3.list[0].iterations > ch->env->policy->nsec3_iterations;
}

static void lower_by_nsec3(struct wr_chain *ch)
{
    if (too_many_iterations(ch)) {
        wr_chain_lower(ch, WR_SECURITY_INSECURE, WR_EDE_NSEC3_ITERATIONS,
                       "too many NSEC3 iterations", ch->denial.zone);
    } else {
        wr_chain_lower(ch, WR_SECURITY_INSECURE, WR_EDE_NONE, "an opt-out range of the zone",
                       ch->denial.zone);
    }
}

enum wr_dnssec_action wr_chainproof_expansion(struct wr_chain *ch)
{
    const struct wr_rrset *set;
    const struct wr_chain_note *note;

    if (ch->index == ch->ask.answers) {
        if (!ch->negative) {
            return wr_chain_done(ch);
        }
        ch->asking = false;
        wr_chain_move(ch, WR_CHAIN_DENIAL, "");
        return WR_DNSSEC_MORE;
    }
    set = &ch->ask.answer[ch->index];
    note = &ch->answer_notes[ch->index];
    if (!note->expanded) {
        ch->index++;
        return WR_DNSSEC_MORE;
    }
    if (!ch->asking) {
        gather(ch, zone_of(set, note), set->owner);
    }
    switch (wr_denial_expansion(&ch->denial, note->sig_labels, ch->work)) {
    case WR_PROOF_AGAIN: return WR_DNSSEC_MORE;
    case WR_PROOF_SECURE: ch->ask.answer[ch->index].security = WR_SECURITY_SECURE; break;
    case WR_PROOF_INSECURE:
        ch->ask.answer[ch->index].security = WR_SECURITY_INSECURE;
        lower_by_nsec3(ch);
        break;
    case WR_PROOF_SPENT:
        return wr_chain_bogus(ch, WR_EDE_BOGUS, "the work for one query is used up",
                              ch->denial.zone);
    default:
        ch->ask.answer[ch->index].security = WR_SECURITY_BOGUS;
        return wr_chain_bogus(ch, ch->deny_ede, "nothing proves that the wildcard applies",
                              ch->denial.zone);
    }
    ch->index++;
    ch->asking = false;
    return WR_DNSSEC_MORE;
}

/* Where the zone is that may speak of the last name: of its DS the one above. */
static const uint8_t *place_of_last(const struct wr_chain *ch)
{
    return ch->ask.qtype == WR_TYPE_DS && ch->last[0] != 0 ? wr_name_skip_labels(ch->last, 1)
                                                           : ch->last;
}

/* The deepest zone above the last name that proved a set of the denial, or NULL. */
static const uint8_t *denying_zone(const struct wr_chain *ch)
{
    const uint8_t *best = NULL, *place = place_of_last(ch);

    for (uint8_t i = 0; i < ch->ask.authorities; i++) {
        const struct wr_rrset *set = &ch->ask.authority[i];
        const uint8_t *zone = wr_rrset_prover(set);

        if (zone && set->type != WR_TYPE_SOA && wr_name_in(place, zone) &&
            !wr_chain_is_outranked(ch, zone, place) &&
            (!best || wr_name_labels(zone) > wr_name_labels(best))) {
            best = zone;
        }
    }
    return best;
}

static enum wr_proof prove_denial(struct wr_chain *ch)
{
    enum wr_proof got;

    if (ch->ask.rcode == WR_RCODE_NXDOMAIN) {
        return wr_denial_nxdomain(&ch->denial, ch->work);
    }
    got = wr_denial_nodata(&ch->denial, ch->ask.qtype, ch->work);
    if (got ==
        WR_PROOF_NONE) { /* nobody signs the RCODE: somebody may have changed it on the way */
        got = wr_denial_nxdomain(&ch->denial, ch->work);
        ch->verdict.no_name = got == WR_PROOF_SECURE;
    }
    return got;
}

static void look_for_zone(struct wr_chain *ch, const char *why)
{
    wr_chain_climb_to(ch, place_of_last(ch));
    wr_chain_move(ch, WR_CHAIN_LOCATE, why);
}

static bool soa_is_unsigned(const struct wr_chain *ch)
{
    for (uint8_t i = 0; i < ch->ask.authorities; i++) {
        const struct wr_rrset *set = &ch->ask.authority[i];

        if (set->type == WR_TYPE_SOA && set->security != WR_SECURITY_SECURE) {
            return true;
        }
    }
    return false;
}

/* A zone that no anchor reaches says that there is no such name, though an anchor is below it: that can be neither
 * proven nor refuted. */
static bool denied_from_outside(const struct wr_chain *ch)
{
    for (uint8_t i = 0; i < ch->ask.authorities; i++) {
        const struct wr_rrset *set = &ch->ask.authority[i];

        if (set->type == WR_TYPE_SOA && wr_name_in(ch->last, set->owner) &&
            !wr_chain_anchor_above(ch, set->owner)) {
            return true;
        }
    }
    return false;
}

/* The denial proves nothing of the kind. That the name is a delegation is no excuse for what is the parent's to tell. */
static enum wr_dnssec_action not_denied(struct wr_chain *ch)
{
    enum wr_proof got =
        ch->ask.qtype == WR_TYPE_DS ? WR_PROOF_NONE : wr_denial_no_ds(&ch->denial, ch->work);

    if (got == WR_PROOF_AGAIN) {
        return WR_DNSSEC_MORE;
    }
    if (got ==
        WR_PROOF_DELEGATION) { /* but that the name is an unsigned zone's, whose own denial needs no proof */
        wr_chain_lower(ch, WR_SECURITY_INSECURE, WR_EDE_NONE,
                       "the zone above says that it is not signed", ch->last);
        return wr_chain_done(ch);
    }
    ch->deny_ede = WR_EDE_NSEC_MISSING;
    ch->deny_reason = "the denial does not prove it";
    look_for_zone(ch, "no proof of it");
    return WR_DNSSEC_MORE;
}

enum wr_dnssec_action wr_chainproof_denial(struct wr_chain *ch)
{
    const uint8_t *zone;

    if (!ch->asking) {
        zone = denying_zone(ch);
        if (!zone && denied_from_outside(ch)) {
            wr_chain_lower(ch, WR_SECURITY_INDETERMINATE, WR_EDE_INDETERMINATE,
                           "denied by a zone that no trust anchor reaches", ch->last);
            return wr_chain_done(ch);
        }
        if (!zone) {
            look_for_zone(ch, "no proof");
            return WR_DNSSEC_MORE;
        }
        gather(ch, zone, ch->last);
    }
    switch (prove_denial(ch)) {
    case WR_PROOF_AGAIN: return WR_DNSSEC_MORE;
    case WR_PROOF_SPENT:
        return wr_chain_bogus(ch, WR_EDE_BOGUS, "the work for one query is used up",
                              ch->denial.zone);
    case WR_PROOF_SECURE:
        if (soa_is_unsigned(ch)) {
            return wr_chain_bogus(ch, WR_EDE_RRSIGS_MISSING, "the SOA of the denial is not signed",
                                  ch->denial.zone);
        }
        return wr_chain_done(ch);
    case WR_PROOF_INSECURE: lower_by_nsec3(ch); return wr_chain_done(ch);
    default: return not_denied(ch);
    }
}

enum wr_dnssec_action wr_chainproof_locate(struct wr_chain *ch, const struct wr_now *now)
{
    struct wr_climb *c = &ch->climb;
    enum wr_dnssec_action got;

    if (wr_chain_is_negative(ch, ch->last)) {
        wr_chain_lower(ch, WR_SECURITY_INSECURE, WR_EDE_NONE, "a negative trust anchor", ch->last);
        return wr_chain_done(ch);
    }
    got = wr_chain_climb(ch, now);
    if (got != WR_DNSSEC_DONE) {
        return got;
    }
    if (c->security == WR_SECURITY_SECURE) {
        return wr_chain_bogus(ch, ch->deny_ede, ch->deny_reason, c->zone.wire);
    }
    wr_chain_lower(ch, c->security, c->ede, c->reason, c->blame.wire);
    ch->verdict.unreachable = c->unreachable;
    ch->verdict.keyless |= c->security == WR_SECURITY_BOGUS;
    return wr_chain_done(ch);
}
