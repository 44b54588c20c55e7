/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ruleset, untracked: weir's DNS by UDP goes on without the kernel's table of connections, while that is full.
 *
 * A full table drops what would be a new entry before any rule is asked, questions to the gateway like all else. What is said here comes before the
 * table: questions to an address of this host at weir's UDP ports, and the answers from there, make no entry and need none.
 *
 * Only while it is full (serve/fireload says when), for meanwhile it breaks what needs an entry: DNS of others that is turned to weir by a change of
 * addresses (`redirect`, DNAT) has no answer by UDP, not even where an entry was found or is there, because the answer goes out without a look at it;
 * and who lets in DNS by its state alone (`ct state new`) lets in none. TCP is not among it: its connections last, and those that are open go on as they
 * are.
 *
 * Who is in quarantine makes no entry meanwhile, or it would go on taking the room that its end made: what comes from it is not tracked, and what makes
 * one by its answer (TCP, time) is dropped. It has DNS by UDP then, as all others have.
 */
#include "policy/rulesetpart.h"

/* Of all such ports, in one line. */
static void put_rule(struct wr_str *t, const struct wr_ruleset_facts *f, const char *match,
                     const char *verdict)
{
    size_t n = 0;
    for (size_t i = 0; i < f->count; i++) {
        if ((f->item[i].flags & WR_RULESET_UNTRACKED) != 0) {
            wr_str_text(t, n++ == 0 ? match : ", ");
            wr_str_u64(t, f->item[i].port);
        }
    }
    wr_str_text(t, verdict);
}

void wr_rulesetuntracked(struct wr_str *t, const struct wr_ruleset_facts *f,
                         enum wr_ruleset_place place, const struct wr_ruleset_item *segment)
{
    static const char to[] = "\t\tudp dport { ", to_us[] = " } fib daddr type local notrack\n";
    bool wanted = false;
    (void)segment;
    for (size_t i = 0; i < f->count; i++) {
        wanted = wanted || (f->item[i].flags & WR_RULESET_UNTRACKED) != 0;
    }
    if (place != WR_RULESET_CHAINS || !wanted) {
        return;
    }
    wr_str_text(t, "\tchain untracked_quarantined {\n"
                   "\t\tmeta l4proto tcp counter name quarantine drop\n"
                   "\t\tudp dport 123 counter name quarantine drop\n"
                   "\t\tnotrack\n\t}\n"
                   "\tchain untracked_in {\n"
                   "\t\ttype filter hook prerouting priority -300; policy accept;\n");
    put_rule(t, f, to, to_us);
    wr_rulesetword_quarantined(t, "untracked_quarantined");
    wr_str_text(t, "\t}\n\tchain untracked_out {\n"
                   "\t\ttype filter hook output priority -300; policy accept;\n");
    put_rule(t, f, to, to_us);
    put_rule(t, f, "\t\tudp sport { ", " } fib saddr type local notrack\n");
    wr_str_text(t, "\t}\n");
}
