/* SPDX-License-Identifier: Apache-2.0 */
/* weir devices: who is behind the addresses that ask. */
#include <stdio.h>

#include "cli/devicetell.h"
#include "cli/opts.h"
#include "cli/talk.h"
#include "cli/verb.h"

/* Pages that are asked for: more devices than there can be. */
enum { PAGES_MAX = 65536 / 64 + 1 };

/* All pages of the daemon's answer as one. */
static int ask(const struct wr_talk *talk, json_t **ret_result)
{
    json_t *all = json_array(), *result = NULL;
    json_int_t after = 0;
    for (int i = 0; i < PAGES_MAX; i++) {
        json_t *page = NULL;
        int status = wr_talk_ask(talk, "devices", json_pack("{s:I}", "after", after), &page);
        if (status != WR_EXIT_OK) {
            json_decref(all);
            json_decref(result);
            return status;
        }
        json_decref(result);
        result = page;
        json_array_extend(all, json_object_get(page, "devices"));
        json_int_t last = json_integer_value(json_object_get(page, "last"));
        if (!json_is_true(json_object_get(page, "more")) || last <= after) {
            break;
        }
        after = last;
    }
    json_object_set_new(result, "devices", all);
    json_object_del(result, "more");
    json_object_del(result, "last");
    *ret_result = result;
    return WR_EXIT_OK;
}

static void tell_vendors(json_t *result)
{
    const char *path = json_string_value(json_object_get(result, "oui")), *why = NULL;
    struct wr_devicetell tell;
    size_t i;
    json_t *device;
    wr_devicetell_open(path != NULL ? path : "", &tell, &why);
    if (why != NULL) {
        fprintf(stderr, "weir devices: no vendors: %s: %s (Debian's package ieee-data has it)\n",
                path, why);
    }
    json_array_foreach(json_object_get(result, "devices"), i, device)
    {
        wr_devicetell_vendor(&tell, device);
    }
    wr_devicetell_close(&tell);
    json_object_del(result, "oui");
}

int wr_cli_devices(int argc, char **argv)
{
    struct wr_talk talk = {.who = "devices", .narrow = true};
    const struct wr_opt table[] = {
        WR_TALK_SOCKET_ROW(talk),
        WR_TALK_JSON_ROW(talk),
    };
    struct wr_opts opts = {"devices",
                           "",
                           "Shows every device: its id and name, vendor, addresses, when it was "
                           "seen first and last, how "
                           "sure that is in hundredths, and from what.",
                           table,
                           sizeof(table) / sizeof(table[0]),
                           NULL,
                           0};
    int status = wr_opts_read(&opts, argc, argv);
    json_t *result = NULL;

    if (status != WR_OPTS_GO) {
        return status;
    }
    if (opts.operands) {
        return wr_opts_misused(&opts, "nothing may follow; `weir device NAME` shows one");
    }
    status = ask(&talk, &result);
    if (status == WR_EXIT_OK) {
        tell_vendors(result);
        if (!talk.json) {
            wr_devicetell_dates(result);
        }
        status = wr_talk_print(&talk, result);
    }
    json_decref(result);
    return status;
}
