/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy build: from segments and rules as the owner wrote them to what decides (policy/policy, policy/segment).
 *
 *     err = wr_policybuild_make(conf, &hooks, &set);   settings.policy = set.policy, settings.segments = set.segments, ...
 *     wr_policybuild_free(&set);
 *
 * Numbers for names and interfaces come from the hooks. The set points into the configuration: it is freed first.
 */
#ifndef WR_CONF_POLICYBUILD_H
#define WR_CONF_POLICYBUILD_H

#include "conf/conf.h"
#include "conf/mem.h"
#include "conf/record.h"
#include "policy/policy.h"
#include "policy/ration.h"
#include "policy/segment.h"

struct wr_policybuild_hooks {
    void *user;
    uint16_t (*label)(void *user, const char *text); /* a number for a name; never 0 */
    /* The number of the view in which this group (an index, WR_CONF_RECURSION or WR_CONF_SYSTEM) is asked in place of the default, or in
     * place of everybody. */
    uint16_t (*view)(void *user, const char *name, uint32_t group, bool whole);
    uint32_t (*ifindex)(void *user, const char *interface); /* 0: there is none now */
    int (*bit)(
        void *user,
        const char *text); /* which bit of a client stands for that (conf/policybits.h), from 0 */
    /* The n-th address of an interface, from 0. False: it has no more. */
    bool (*address)(void *user, const char *interface, uint32_t n, struct wr_addr *ret_addr);
    const struct wr_mudset *mud; /* profiles in force, the caller's; NULL: none */
};

struct wr_policybuild {
    const struct wr_policy *policy;     /* NULL: no rule, no list */
    const struct wr_segments *segments; /* NULL: none */
    const struct wr_rations *rations;   /* likewise */
    void *block;                        /* of the policy's table */
    struct wr_conf_mem mem;
};

int wr_policybuild_make(const struct wr_conf *conf, const struct wr_policybuild_hooks *hooks,
                        struct wr_policybuild *ret); /* WR_E_NOMEM */
/* "22:00-06:00" in minutes of the day. False: that is not what it says. */
bool wr_policybuild_hours(const char *text, uint16_t *ret_from, uint16_t *ret_to);
/* One item of a rule's `data`; its mistake in words. */
int wr_policybuild_record(const char *text, uint32_t ttl_s, uint8_t rdata[WR_POLICY_RECORD_SIZE],
                          struct wr_record_line *ret, const char **ret_why);
void wr_policybuild_free(struct wr_policybuild *b); /* all zeros is fine */

#endif
