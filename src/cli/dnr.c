/* SPDX-License-Identifier: Apache-2.0 */
/* weir dnr: what DHCP servers and routers tell devices of the encrypted listeners (RFC 9463). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "cli/dnrlist.h"
#include "cli/opts.h"
#include "cli/readfile.h"
#include "cli/verb.h"
#include "conf/conf.h"
#include "conf/mistakes.h"
#include "serve/designation.h"
#include "serve/world.h"
#include "transport/certlook.h"

enum {
    CHAIN_MAX = 256 * 1024,
    /* Three times the longest interval of router advertisements (RFC 4861 section 6.2.1), as RFC 9463 section 6.1 wants at least. */
    LIFETIME_S = 3 * 600
};

struct dnr {
    bool json;
    const char *name, *address, *lifetime;
    struct wr_addr addr[WR_DNRTEXT_ADDRS_MAX];
    struct wr_name wanted;
    struct wr_dnrlist_want want;
    struct wr_dnrtext text;
    struct wr_mistakes mistakes;
    struct wr_conf *conf;
    struct wr_gate_slots slots;
    struct wr_gate_notes notes;
    struct wr_certlook look[WR_CREDS_PAIRS_MAX];
    const struct wr_creds_facts *facts[WR_CREDS_PAIRS_MAX];
    size_t certificates;
};

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "weir dnr: %s%s%s\n", what, *why ? ": " : "", why);
    return WR_EXIT_FAILED;
}

/* "192.168.7.1,fd00::1" */
static bool read_addresses(struct dnr *d)
{
    const char *at = d->address;

    while (*at) {
        char text[WR_ADDR_TEXT_SIZE];
        size_t n = strcspn(at, ",");

        if (n >= sizeof(text) || d->want.addrs == WR_DNRTEXT_ADDRS_MAX)
            return false;
        memcpy(text, at, n);
        text[n] = 0;
        if (wr_addr_from_text(text, &d->addr[d->want.addrs]) != WR_OK ||
            d->addr[d->want.addrs].port != 0)
            return false;
        d->want.addrs++;
        at += n + (at[n] == ',');
    }
    return d->want.addrs > 0;
}

static int read_wishes(struct dnr *d, const struct wr_opts *opts)
{
    uint64_t lifetime = LIFETIME_S;

    d->want.addr = d->addr;
    if (d->address && !read_addresses(d))
        return wr_opts_misused(opts, "--address wants addresses, as 192.168.7.1,fd00::1");
    if (d->name && (wr_name_from_text(d->name, strlen(d->name), &d->wanted) != WR_OK))
        return wr_opts_misused(opts, "--name wants a domain name");
    if (d->name)
        d->want.name = d->wanted.wire;
    if (d->lifetime &&
        wr_str_to_u64(d->lifetime, strlen(d->lifetime), UINT32_MAX, &lifetime) != WR_OK)
        return wr_opts_misused(opts, "--lifetime wants seconds");
    d->text.lifetime_s = (uint32_t)lifetime;
    return WR_EXIT_OK;
}

/* What stands in the files of the certificates; their keys are not read. */
static int read_certificates(struct dnr *d)
{
    int status = WR_EXIT_OK;

    for (size_t i = 0; !status && i < d->conf->encrypted.certificates.count; i++) {
        const char *path = d->conf->encrypted.certificates.items[i].chain, *why;
        size_t size;
        char *pem = wr_readfile(path, CHAIN_MAX, &size, &why);

        if (!pem)
            status = fail(path, why);
        else if (wr_certlook(pem, 0, &d->look[i]) != WR_OK)
            status = fail(path, "there is no certificate in it");
        free(pem);
        d->facts[i] = &d->look[i].facts;
        d->certificates++;
    }
    return status;
}

static void print_notes(const struct dnr *d)
{
    for (uint32_t i = 0; i < d->notes.count; i++)
        fprintf(stderr, "weir dnr: %s\n", d->notes.note[i].text);
}

static int print(struct dnr *d, const struct wr_designated *from)
{
    struct wr_designation *told = NULL;
    const char *why = "";
    int err =
        wr_designation_make(from->door, from->doors, d->facts, d->certificates, from->path, &told);

    if (!err)
        err = wr_dnrlist_make(&told->told, &d->want, &d->text, &why);
    if (!err && d->json)
        err = wr_dnrtext_json(&d->text, stdout);
    else if (!err)
        wr_dnrtext_print(&d->text, stdout);
    wr_designation_free(told);
    return err ? fail(*why ? why : wr_err_name(err), "") : WR_EXIT_OK;
}

/* The listeners of the configuration, with the addresses that interfaces have now. */
static int print_listeners(struct dnr *d)
{
    struct wr_gate *gate = NULL;
    struct wr_world world;
    int status = wr_world_read(d->conf->upstream.resolv_conf, false, &world) == WR_OK
                     ? WR_EXIT_OK
                     : fail("no memory", "");

    if (status)
        return status;
    if (wr_gate_make(d->conf, &world.view, &d->slots, 1, &d->notes, &gate) == WR_OK &&
        wr_designation_put(gate, NULL, 0, d->conf->encrypted.doh_path, NULL) == WR_OK) {
        status = print(d, &gate->settings.designated);
    } else {
        print_notes(d);
        status = WR_EXIT_FAILED;
    }
    wr_gate_free(gate);
    wr_world_free(&world);
    return status;
}

static int run(struct dnr *d, const char *file)
{
    int status;

    if (!file && access(WR_CONF_PATH, F_OK) != 0)
        (void)!wr_conf_read("", 0, &d->mistakes, &d->conf);
    else
        (void)!wr_conf_load(file ? file : WR_CONF_PATH, &d->mistakes, &d->conf);
    if (!d->conf) {
        wr_mistakes_print(&d->mistakes, file ? file : WR_CONF_PATH, stderr);
        return WR_EXIT_FAILED;
    }
    status = read_certificates(d);
    return status ? status : print_listeners(d);
}

static int read_and_run(struct dnr *d, int argc, char **argv)
{
    const struct wr_opt table[] = {
        {"name", 'n', .value = &d->name, .meta = "NAME",
         .help = "the name that devices check; else the first of the first certificate"},
        {"address", 'a', .value = &d->address, .meta = "ADDRESS",
         .help = "where devices reach it, a,b,c; else where the listeners are"},
        {"lifetime", 0, .value = &d->lifetime, .meta = "SECONDS",
         .help = "of router advertisements (default 1800)"},
        {"json", 'j', .flag = &d->json, .help = "print JSON"},
    };
    struct wr_opts opts = {
        "dnr",
        "[FILE]",
        "Prints what a DHCP server or a router has to say so that devices find the encrypted "
        "listeners of a\nconfiguration (RFC 9463; default " WR_CONF_PATH "): the octets of DHCPv4 "
        "option 162, of DHCPv6\noption 144 and of the option of router advertisements, and lines "
        "for dnsmasq, Kea and odhcpd.",
        table,
        sizeof(table) / sizeof(table[0]),
        NULL,
        0};
    int status = wr_opts_read(&opts, argc, argv);

    if (status != WR_OPTS_GO)
        return status;
    if (opts.operands > 1)
        return wr_opts_misused(&opts, "one file at a time");
    status = read_wishes(d, &opts);
    return status ? status : run(d, opts.operands ? opts.operand[0] : NULL);
}

int wr_cli_dnr(int argc, char **argv)
{
    struct dnr *d = calloc(1, sizeof(*d));
    int status;

    if (!d)
        return WR_EXIT_FAILED;
    status = read_and_run(d, argc, argv);
    wr_conf_free(d->conf);
    free(d);
    return status;
}
