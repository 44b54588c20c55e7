/* SPDX-License-Identifier: Apache-2.0 */
/* weir firewall: weir's table of the packet filter. */
#include <string.h>

#include "cli/opts.h"
#include "cli/talk.h"
#include "cli/verb.h"
#include "cli/when.h"

/* A date that can be read; programs get the number. */
static void refine(json_t *result)
{
    (void)wr_when_show(result, "since");
}

int wr_cli_firewall(int argc, char **argv)
{
    static const char *const verbs[][2] = {
        {"show", "firewall"}, {"apply", "firewall_apply"}, {"remove", "firewall_remove"}};
    struct wr_talk talk = {.who = "firewall", .refine = refine};
    const struct wr_opt table[] = {
        WR_TALK_SOCKET_ROW(talk),
        WR_TALK_JSON_ROW(talk),
    };
    struct wr_opts opts = {
        "firewall",
        "[show] | apply | remove",
        "Shows if weir's table of the packet filter (inet weir) is in force, and what it has "
        "counted: by segment, packets "
        "to resolvers of others that were rejected (dns: port 53, encrypted: port 853, doh: known "
        "addresses of DNS over HTTPS), and packets of devices in quarantine.\napply writes all of "
        "it anew, and "
        "the counters begin again; remove takes it away, until apply or the next start.",
        table,
        sizeof(table) / sizeof(table[0]),
        NULL,
        0};
    int status = wr_opts_read(&opts, argc, argv);

    if (status != WR_OPTS_GO)
        return status;
    if (opts.operands > 1)
        return wr_opts_misused(&opts, "show, apply or remove, and nothing else");
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (!strcmp(opts.operands ? opts.operand[0] : "show", verbs[i][0]))
            return wr_talk_do(&talk, verbs[i][1], json_object());
    return wr_opts_misused(&opts, "show, apply or remove");
}
