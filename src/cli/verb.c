/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verb.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "conf/mistakes.h"

static const struct wr_verb verbs[] = {
    {"serve", wr_cli_serve, "be the gateway, in the foreground"},
    {"ask", wr_cli_ask, "ask a DNS server, as kdig does"},
    {"check", wr_cli_check, "find every mistake in a configuration"},
    {"zone", wr_cli_zone, "find every mistake in a zone file"},
    {"explain", wr_cli_explain, "what a key of the configuration is"},
    {"config", wr_cli_config, "what is in force; change a key of the file"},
    {"status", wr_cli_status, "how the running gateway is"},
    {"stats", wr_cli_stats, "what it has counted"},
    {"upstreams", wr_cli_upstreams, "the servers it asks, and how they are"},
    {"cache", wr_cli_cache, "what it remembers; make it forget"},
    {"why", wr_cli_why, "why it answers a name as it does"},
    {"devices", wr_cli_devices, "who is behind the addresses that ask"},
    {"device", wr_cli_device, "one device and its evidence; name it, shut it off"},
    {"mud", wr_cli_mud, "what devices are made to reach: profiles of their manufacturers"},
    {"policy", wr_cli_policy, "its rules, and how often each has said something"},
    {"anchors", wr_cli_anchors, "its trust anchors; add some, or an exception"},
    {"zones", wr_cli_zones, "the zones it keeps copies of, and how they are"},
    {"firewall", wr_cli_firewall, "weir's table of the packet filter, leases, who goes past it"},
    {"feeds", wr_cli_feeds, "the lists of names and addresses it has, and how they are"},
    {"cert", wr_cli_cert, "make certificates for the encrypted listeners; show them"},
    {"dnr", wr_cli_dnr, "what DHCP servers tell of the encrypted listeners"},
    {"log", wr_cli_log, "who asked what, from memory and disk; is the log whole"},
    {"reload", wr_cli_reload, "put the changed configuration in force"},
    {"help", wr_cli_help, "this list, or how a verb is used"},
};

size_t wr_verb_rows(const struct wr_verb **ret_rows)
{
    *ret_rows = verbs;
    return WR_ARRAY_LEN(verbs);
}

const struct wr_verb *wr_verb_find(const char *name)
{
    for (size_t i = 0; i < WR_ARRAY_LEN(verbs); i++)
        if (!strcmp(verbs[i].name, name))
            return &verbs[i];
    return NULL;
}

const char *wr_verb_nearest(const char *name)
{
    const char *names[WR_ARRAY_LEN(verbs) + 1];

    for (size_t i = 0; i < WR_ARRAY_LEN(verbs); i++)
        names[i] = verbs[i].name;
    names[WR_ARRAY_LEN(verbs)] = NULL;
    return wr_mistakes_nearest(name, names);
}

int wr_verb_unknown(const char *name)
{
    char quoted[WR_MISTAKE_QUOTE_SIZE];
    const char *near =
        !strcmp(name, "version") || !strcmp(name, "-v") ? "--version" : wr_verb_nearest(name);

    if (name[0] == '-' && !near) {
        fprintf(stderr,
                "weir: unknown option %s: options stand behind a verb (weir --help lists "
                "them)\n",
                wr_mistakes_quote(name, strlen(name), quoted));
        return WR_EXIT_USAGE;
    }
    fprintf(stderr, "weir: unknown verb %s%s%s%s\n", wr_mistakes_quote(name, strlen(name), quoted),
            near ? "; did you mean " : " (weir --help lists them)", near ? near : "",
            near ? "?" : "");
    return WR_EXIT_USAGE;
}

void wr_verb_describe(const struct wr_verb *verb, wr_opts_tell *tell, void *user)
{
    char *none[] = {NULL};

    wr_opts_listen(tell, user);
    (void)verb->run(0, none);
    wr_opts_listen(NULL, NULL);
}
