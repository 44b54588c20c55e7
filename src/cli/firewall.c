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
        {"show", "firewall"},
        {"apply", "firewall_apply"},
        {"remove", "firewall_remove"},
        {"leases", "firewall_leases"},
    };
    struct wr_talk talk = {.who = "firewall", .refine = refine};
    const struct wr_opt table[] = {
        WR_TALK_SOCKET_ROW(talk),
        WR_TALK_JSON_ROW(talk),
    };
    struct wr_opts opts = {
        "firewall",
        "[show] | apply | remove | leases [DEVICE]",
        "Shows if weir's table of the packet filter (inet weir) is in force, and what it has "
        "counted: by segment, packets "
        "to resolvers of others that were rejected (dns: port 53, encrypted: port 853, doh: known "
        "addresses of DNS over HTTPS), connections to what was not answered to the device "
        "(unleased), packets of devices in quarantine, and how many addresses are open to "
        "whom.\napply writes all of it anew; remove takes it away, until apply or the next start. "
        "leases lists the addresses that are open, to one device or to all, and for how many "
        "seconds more.",
        table,
        sizeof(table) / sizeof(table[0]),
        NULL,
        0};
    int status = wr_opts_read(&opts, argc, argv);

    if (status != WR_OPTS_GO)
        return status;
    bool leases = opts.operands > 0 && !strcmp(opts.operand[0], "leases");
    json_t *args = json_object();

    if (opts.operands > (leases ? 2 : 1)) {
        json_decref(args);
        return wr_opts_misused(&opts, "show, apply or remove, and nothing else; or leases DEVICE");
    }
    if (leases && opts.operands == 2)
        json_object_set_new(args, "device", json_string(opts.operand[1]));
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (!strcmp(opts.operands ? opts.operand[0] : "show", verbs[i][0]))
            return wr_talk_do(&talk, verbs[i][1], args);
    json_decref(args);
    return wr_opts_misused(&opts, "show, apply, remove or leases");
}
