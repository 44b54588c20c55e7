/* SPDX-License-Identifier: Apache-2.0 */
/* weir firewall: weir's table of the packet filter. */
#include <string.h>

#include "cli/opts.h"
#include "cli/table.h"
#include "cli/talk.h"
#include "cli/verb.h"
#include "cli/when.h"

/* Who is not known is called by the MAC address, or the address that he has. */
static void call(json_t *row)
{
    json_t *mac = json_object_get(row, "mac"), *by = mac ? mac : json_object_get(row, "from");

    if (by && json_is_null(json_object_get(row, "device")))
        json_object_set(row, "device", by);
}

/* "443/tcp"; a lease of no port is one of all. */
static void join_port(json_t *row, bool lease)
{
    const char *protocol = json_string_value(json_object_get(row, "protocol"));

    if (protocol)
        json_object_set_new(
            row, "port",
            json_sprintf("%d/%s", (int)json_integer_value(json_object_get(row, "port")), protocol));
    else if (lease)
        json_object_set_new(row, "port", json_string("any"));
}

/* One line a row that is not too long for a screen; programs get all of it. */
static void narrow(json_t *list, const char *const *keys)
{
    json_t *one;
    size_t i;

    json_array_foreach(list, i, one)
    {
        (void)wr_when_show(one, "last_seen");
        call(one);
        join_port(one, json_object_get(one, "left_s") != NULL);
    }
    wr_table_pick(list, keys);
}

static void refine(json_t *result)
{
    static const char *const lease[] = {"device", "id",   "segment", "interface",
                                        "to",     "port", "left_s",  NULL};
    static const char *const party[] = {"device", "id", "segment", "interface", "leases", NULL};
    static const char *const device[] = {"device",    "id",  "interface", "dns",
                                         "encrypted", "doh", "unleased",  "router",
                                         "last_seen", NULL};
    static const char *const try[] = {"device", "interface", "what",      "to",
                                      "port",   "count",     "last_seen", NULL};
    json_t *leases = json_object_get(result, "leases");

    (void)wr_when_show(result, "since");
    narrow(json_object_get(result, "devices"), device);
    narrow(json_object_get(result, "tries"), try);
    narrow(leases, lease);
    narrow(json_object_get(leases, "devices"), party);
}

/* Each word's own lines begin with it. */
static const char about[] =
    "weir's table of the packet filter, inet weir. DEVICE is a name, an id, a MAC address or an\n"
    "address.\n\n"
    "show: if it is in force, how DNS of others comes to weir where it is answered (foreign_by),\n"
    "and what was counted since weir's start: by segment, packets that were rejected, to\n"
    "resolvers of others (dns: port 53, encrypted: port 853, doh: known addresses of DNS over\n"
    "HTTPS), to what was not answered to the device (unleased) and of discovery on its way out;\n"
    "packets of devices in quarantine that were dropped (weir devices tells which these are); to\n"
    "whom how many addresses are open (leases), and how many were not opened for want of room\n"
    "(no_room).\n"
    "connections is the kernel's table of them, of this whole host. A new one that has no room is\n"
    "dropped, whosever it is; full says that weir has seen that at one of its looks, some seconds\n"
    "apart (a table that is filled to the brim and has dropped nothing is not full). From that\n"
    "look on, until there is room, questions to weir by UDP are answered without an entry in it;\n"
    "other DNS, and all else, still needs one. `problem` names the device that has most of them,\n"
    "where one has: weir device quarantine NAME ends these; a larger "
    "net.netfilter.nf_conntrack_max\n"
    "(sysctl) makes room for more.\n\n"
    "apply: writes all of it anew.\n\n"
    "remove: takes it away, until apply or the next start; segments with `fail: closed` are\n"
    "answered meanwhile all the same, and nothing is held back.\n\n"
    "bypass: who has tried what past weir, to whom, how often and when (dns, encrypted, doh,\n"
    "unleased as above in show; router: another resolver that a device has told its link of, in\n"
    "router advertisements; without_a_row: tries that there was no room for). What is unleased\n"
    "and should be reached: segments[].reaches for addresses, segments[].resolvers for a\n"
    "resolver, or what a profile says (weir mud); weir explain tells of each.\n\n"
    "leases: the addresses that are open, to one device or to all, and for how many seconds more.";

int wr_cli_firewall(int argc, char **argv)
{
    static const char *const verbs[][2] = {
        {"show", "firewall"},          {"apply", "firewall_apply"},   {"bypass", "firewall_bypass"},
        {"remove", "firewall_remove"}, {"leases", "firewall_leases"},
    };
    struct wr_talk talk = {.who = "firewall", .refine = refine};
    const struct wr_opt table[] = {
        WR_TALK_SOCKET_ROW(talk),
        WR_TALK_JSON_ROW(talk),
    };
    struct wr_opts opts = {"firewall",
                           "[show] | apply | remove | bypass [DEVICE] | leases [DEVICE]",
                           about,
                           table,
                           sizeof(table) / sizeof(table[0]),
                           NULL,
                           0};
    char word[WR_OPTS_WORD_SIZE];
    int status = wr_opts_read_word(&opts, argc, argv, word);

    talk.word = word;
    for (size_t i = 0; status == WR_OPTS_GO && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(word, verbs[i][0]) != 0)
            continue;
        json_t *args = json_object();
        if (opts.operands == 2)
            json_object_set_new(args, "device", json_string(opts.operand[1]));
        return wr_talk_do(&talk, verbs[i][1], args);
    }
    return status;
}
