/* SPDX-License-Identifier: Apache-2.0 */
/* weir why: what the running gateway knows of a name, and whom it would ask; nothing is asked or changed. */
#include <string.h>

#include "base/addr.h"
#include "base/err.h"
#include "cli/opts.h"
#include "cli/talk.h"
#include "cli/verb.h"
#include "dns/codes.h"
#include "dns/name.h"

int wr_cli_why(int argc, char **argv)
{
    struct wr_talk talk = {.who = "why"};
    const struct wr_opt table[] = {
        WR_TALK_SOCKET_ROW(talk),
        WR_TALK_JSON_ROW(talk),
    };
    struct wr_opts opts = {
        "why",
        "[DEVICE] NAME [TYPE]",
        "Tells why the running gateway answers a name (type A, when none is given) as it does:\n"
        "what it remembers and how far it is proven, which servers it would ask and how they\n"
        "are. With a device before the name (its name, its id, a MAC address, or any address of a\n"
        "client): what becomes of it when that asks, by which rule, which line of which list or\n"
        "which record of which policy zone, and since when.\n"
        "Nothing is asked of anybody and nothing is changed.",
        table,
        sizeof(table) / sizeof(table[0]),
        NULL,
        0};
    int status = wr_opts_read(&opts, argc, argv);
    struct wr_name name;
    struct wr_addr from;
    uint16_t type;

    if (status != WR_OPTS_GO)
        return status;
    /* Of two words the second is a type, or else the first one a device; and nobody means an address for a name when another word follows. */
    const char *client = NULL;
    if (opts.operands > 2 ||
        (opts.operands == 2 &&
         (wr_addr_from_text(opts.operand[0], &from) == WR_OK ||
          wr_codes_type_from_text(opts.operand[1], strlen(opts.operand[1]), &type) != WR_OK))) {
        client = opts.operand[0];
        opts.operand++;
        opts.operands--;
    }
    if (opts.operands < 1 || opts.operands > 2)
        return wr_opts_misused(&opts, "which name, and perhaps which type?");
    if (wr_addr_from_text(opts.operand[0], &from) == WR_OK)
        return wr_opts_misused(&opts,
                               "%s is an address, and this is about names; which addresses "
                               "are open to a device tells `weir firewall leases DEVICE`",
                               opts.operand[0]);
    if (wr_name_from_text(opts.operand[0], strlen(opts.operand[0]), &name) != WR_OK)
        return wr_opts_misused(&opts, "that is no domain name");
    if (opts.operands == 2 &&
        wr_codes_type_from_text(opts.operand[1], strlen(opts.operand[1]), &type) != WR_OK)
        return wr_opts_misused(&opts, "that is no record type");
    json_t *args = json_pack("{s:s, s:s}", "name", opts.operand[0], "type",
                             opts.operands == 2 ? opts.operand[1] : "A");
    if (client != NULL && args != NULL)
        json_object_set_new(args, "client", json_string(client));
    return wr_talk_do(&talk, "why", args);
}
