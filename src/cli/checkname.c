/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/checkname.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "cli/checktell.h"
#include "cli/checkwork.h"
#include "cli/talk.h"
#include "cli/verb.h"
#include "cli/whom.h"

enum { PORT_DNS = 53 };

/* --- whom to ask --- */

/* How good a listener of the gateway is to be asked at from this machine; 0: not. */
static int fitness(const struct wr_addr *addr)
{
    if (wr_addr_is_loopback(addr))
        return addr->family == WR_AF_V4 ? 4 : 3;
    return wr_addr_is_any(addr) ? 2 : 1;
}

static void set_loopback(struct wr_addr *addr)
{
    memset(addr->ip, 0, sizeof(addr->ip));
    if (addr->family == WR_AF_V6) {
        addr->ip[15] = 1;
    } else {
        addr->ip[0] = 127;
        addr->ip[3] = 1;
    }
}

/* The running gateway, by what it listens on. False: none can be asked. `ret_secret`: it asks nobody in plain text. */
static bool find_gateway(const struct wr_checkname *asked, struct wr_addr *ret_server,
                         bool *ret_secret)
{
    const struct wr_talk talk = {.who = "check", .socket = asked->socket, .quiet = !asked->socket};
    json_t *status = NULL, *one;
    int best = 0;
    size_t i;

    if (wr_talk_ask(&talk, "status", json_object(), &status) != WR_EXIT_OK)
        return false;
    *ret_secret = json_is_true(json_object_get(status, "encrypted_only"));
    json_array_foreach(json_object_get(status, "listeners"), i, one)
    {
        const char *text = json_string_value(json_object_get(one, "address"));
        const char *transport = json_string_value(json_object_get(one, "transport"));
        struct wr_addr addr;

        if (!text || !transport || strcmp(transport, "udp") != 0 ||
            wr_addr_from_text(text, &addr) != WR_OK || fitness(&addr) <= best)
            continue;
        best = fitness(&addr);
        if (wr_addr_is_any(&addr))
            set_loopback(&addr);
        if (addr.port == 0)
            addr.port = PORT_DNS;
        *ret_server = addr;
    }
    json_decref(status);
    return best > 0;
}

static int find_servers(const struct wr_checkname *asked, const char *server,
                        struct wr_checkwork *work)
{
    struct wr_whom whom = {.who = "check", .server = server, .port = PORT_DNS};

    bool secret = false;

    work->server_count = 1;
    if (!server && find_gateway(asked, &work->server[0], &secret)) {
        if (secret && !work->options.resolver_only) {
            fprintf(stderr, "weir check: upstream.encryption is required, so name servers and "
                            "services are not asked: as with --resolver-only\n");
            work->options.resolver_only = true;
        }
        return WR_OK;
    }
    if (!server && asked->socket)
        return WR_E_NOTFOUND; /* it was said */
    return wr_whom_find(&whom, work->server, &work->server_count);
}

/* --- the options --- */

/* "443,8883". */
static bool read_ports(const char *text, struct wr_exam_options *options)
{
    while (*text) {
        size_t n = strcspn(text, ",");
        uint64_t port;

        if (options->port_count == WR_DOCTOR_PORTS_MAX ||
            wr_str_to_u64(text, n, UINT16_MAX, &port) != WR_OK || port == 0)
            return false;
        options->ports[options->port_count++] = (uint16_t)port;
        text += n;
        if (*text == ',' && !*++text)
            return false;
    }
    return options->port_count > 0;
}

static int read_options(const struct wr_opts *opts, const struct wr_checkname *asked,
                        struct wr_checkwork *work)
{
    uint64_t seconds = WR_DOCTOR_TOTAL_MS / 1000;

    work->options.resolver_only = asked->resolver_only;
    if (asked->ports && !read_ports(asked->ports, &work->options))
        return wr_opts_misused(opts, "--port wants at most %d ports, as 443,8883",
                               WR_DOCTOR_PORTS_MAX);
    if (asked->timeout && (wr_str_to_u64(asked->timeout, strlen(asked->timeout),
                                         WR_DOCTOR_TOTAL_MAX_MS / 1000, &seconds) != WR_OK ||
                           seconds == 0))
        return wr_opts_misused(opts, "--timeout wants seconds, 1 to %d",
                               WR_DOCTOR_TOTAL_MAX_MS / 1000);
    work->timeout_ms = (uint32_t)seconds * 1000;
    work->progress = isatty(STDERR_FILENO) == 1;
    return WR_OPTS_GO;
}

/* "name NAME", and "@server" before or behind the name. */
static int read_operands(const struct wr_opts *opts, const char **ret_server,
                         struct wr_checkwork *work)
{
    const char *name = NULL;

    for (int i = 1; i < opts->operands; i++) {
        const char *word = opts->operand[i];

        if (word[0] == '@' && !*ret_server && word[1])
            *ret_server = word + 1;
        else if (word[0] != '@' && !name)
            name = word;
        else
            return wr_opts_misused(opts, "one name at a time, and one @SERVER");
    }
    if (!name)
        return wr_opts_misused(opts, "which name? (a file that is called so is ./name)");
    if (wr_name_from_text(name, strlen(name), &work->name) != WR_OK)
        return wr_opts_misused(opts, "that is no domain name");
    return WR_OPTS_GO;
}

static int run(struct wr_checkwork *work, const struct wr_checkname *asked)
{
    int err = WR_OK;

    wr_checkwork_run(work);
    if (asked->json)
        err = wr_checktell_json(work, asked->verbose, stdout);
    else
        wr_checktell_text(work, asked->verbose, stdout);
    if (err) {
        fprintf(stderr, "weir check: what was found could not be written: %s\n", wr_err_name(err));
        return WR_EXIT_FAILED;
    }
    return wr_findings_count(&work->findings, WR_SEVERITY_ERROR) ? WR_EXIT_FAILED : WR_EXIT_OK;
}

int wr_checkname_run(const struct wr_opts *opts, const struct wr_checkname *asked)
{
    struct wr_checkwork *work = calloc(1, sizeof(*work));
    const char *server = NULL;
    int status;

    if (!work)
        return WR_EXIT_FAILED;
    status = read_operands(opts, &server, work);
    if (status == WR_OPTS_GO)
        status = read_options(opts, asked, work);
    if (status == WR_OPTS_GO)
        status = find_servers(asked, server, work) == WR_OK ? run(work, asked) : WR_EXIT_FAILED;
    free(work);
    return status;
}
