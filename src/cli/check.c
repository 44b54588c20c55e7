/* SPDX-License-Identifier: Apache-2.0 */
/* weir check: every mistake of a configuration at once, what is printed from the schema, and what is wrong with a name. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "base/utf8.h"
#include "cli/checkname.h"
#include "cli/checktell.h"
#include "cli/opts.h"
#include "cli/verb.h"
#include "conf/conf.h"
#include "conf/doc.h"
#include "conf/jsonschema.h"
#include "conf/mistakes.h"
#include "conf/print.h"
#include "serve/certcheck.h"
#include "serve/locals.h"
#include "serve/mudcheck.h"
#include "serve/nftrun.h"
#include "serve/policyzones.h"

struct check {
    bool json, print, schema, doc, man;
    const char *file;
    struct wr_mistakes mistakes;
    struct wr_conf *conf;
    json_t *local; /* --json: what is wrong in local files */
    unsigned local_errors, local_warnings;
    unsigned refused; /* of local_errors: those of the encrypted sides */
    struct wr_checkname name;
};

static json_t *mistake_json(const struct wr_mistake *m)
{
    return json_pack("{s:i, s:i, s:s, s:s}", "line", (int)m->line, "column", (int)m->column,
                     "severity", m->warning ? "warning" : "error", "message", m->text);
}

static bool is_good(const struct check *c)
{
    return c->conf && c->local_errors == 0;
}

static void print_json(const struct check *c)
{
    json_t *list = json_array();
    json_t *all;
    char file[1024];
    struct wr_str s;

    wr_str_init(&s, file, sizeof(file));
    wr_utf8_safe(&s, c->file, strlen(c->file)); /* a path may be any octets */
    for (uint32_t i = 0; i < c->mistakes.count; i++)
        json_array_append_new(list, mistake_json(&c->mistakes.item[i]));
    all = json_pack("{s:b, s:s, s:I, s:I, s:o, s:o}", "ok", is_good(c), "file", file, "errors",
                    (json_int_t)c->mistakes.errors + c->local_errors, "warnings",
                    (json_int_t)c->mistakes.warnings + c->local_warnings, "mistakes", list, "local",
                    c->local);
    if (all)
        json_dumpf(all, stdout, JSON_INDENT(2));
    fputc('\n', stdout);
    json_decref(all);
}

/* What is wrong in zone files, hosts, leases and certificates stops nothing: the rest of them is served. The owner's mistakes are mistakes all the
 * same; a client's name that is refused is none. */
static void tell_local(void *user, enum wr_names_said said, const char *file, uint32_t line,
                       const char *text)
{
    bool warning = said == WR_NAMES_NOTE;
    struct check *c = user;
    char place[1024];
    struct wr_str s;

    ++*(warning ? &c->local_warnings : &c->local_errors);
    wr_str_init(&s, place, sizeof(place));
    if (c->local) {
        wr_utf8_safe(&s, file, strlen(file));
        json_array_append_new(c->local, json_pack("{s:s, s:I, s:s, s:s}", "file", place, "line",
                                                  (json_int_t)line, "severity",
                                                  warning ? "warning" : "error", "message", text));
        return;
    }
    wr_names_put_said(&s, file, line, warning ? "warning: " : "");
    fprintf(stderr, "%s%s\n", place, text);
}

static void check_locals(struct check *c)
{
    const struct wr_names_hooks hooks = {.tell = tell_local, .user = c};
    const struct wr_now now = {.mono_us = 1};
    struct wr_copies_plan *plan = NULL;
    struct wr_locals locals;
    int err = wr_copies_plan(c->conf, &hooks, &plan); /* for what is wrong with keys */

    wr_copies_plan_free(plan);
    if (!err)
        err = wr_locals_load(&locals, c->conf, NULL, NULL, &now, &hooks);
    if (err == WR_OK)
        wr_locals_free(&locals);
    else
        tell_local(c, WR_NAMES_MISTAKE, "local", 0, wr_err_name(err));
    c->refused = wr_certcheck(c->conf, time(NULL), &hooks);
    wr_mudcheck(c->conf, &hooks);
}

/* The daemon goes on without it, as the segments' `fail` says, and holds nothing back by address. */
static void check_firewall(struct check *c)
{
    char why[WR_NFTRUN_WHY_SIZE];

    if (c->conf->firewall.enabled && !wr_nftrun_find(c->conf->firewall.nft, why))
        tell_local(c, WR_NAMES_MISTAKE, "firewall", 0, why);
}

/* Policy zones from files: what is wrong in them, and what can be of no use. Copies are the daemon's. */
static void check_policy_zones(struct check *c)
{
    const struct wr_names_hooks hooks = {.tell = tell_local, .user = c};
    struct wr_policyzones *zones;

    if (c->conf->policy.rpz.count == 0 || wr_policyzones_create(NULL, &zones) != WR_OK)
        return;
    (void)!wr_policyzones_read(zones, c->conf, NULL, &hooks);
    for (size_t i = 0; i < c->conf->policy.rpz.count; i++) {
        const struct wr_conf_rpz *from = &c->conf->policy.rpz.items[i];
        struct wr_policyzone *zone = wr_policyzones_take(zones, from);
        uint32_t idle = zone ? wr_policyzones_idle(zone->rpz, c->conf) : 0;
        char text[256];

        snprintf(text, sizeof(text), WR_POLICYZONES_IDLE, (unsigned)idle);
        if (idle > 0)
            tell_local(c, WR_NAMES_NOTE, from->file, 0, text);
        wr_policyzone_let_go(zone);
    }
    wr_policyzones_destroy(zones);
}

static void print_end(const struct check *c)
{
    if (c->refused)
        fprintf(stderr,
                "%s: good, but not what it names: %u mistake%s; what is encrypted is not served or "
                "not asked until that is mended\n",
                c->file, c->local_errors, c->local_errors == 1 ? "" : "s");
    else if (c->local_errors)
        fprintf(stderr, "%s: good, but not what it names: %u mistake%s, and weir serves the rest\n",
                c->file, c->local_errors, c->local_errors == 1 ? "" : "s");
    else
        printf("%s: good\n", c->file);
}

static int run(struct check *c, bool named)
{
    if (!strcmp(c->file, "-")) {
        c->file = "(standard input)";
        (void)!wr_conf_load("/dev/stdin", &c->mistakes, &c->conf);
    } else if (!named && access(c->file, F_OK) != 0) {
        c->file = "(no file: defaults)";
        (void)!wr_conf_read("", 0, &c->mistakes, &c->conf);
    } else {
        (void)!wr_conf_load(c->file, &c->mistakes, &c->conf);
    }
    if (c->json)
        c->local = json_array();
    else
        wr_mistakes_print(&c->mistakes, c->file, stderr);
    if (c->conf) {
        check_locals(c);
        check_policy_zones(c);
        check_firewall(c);
    }
    if (c->json)
        print_json(c);
    if (c->conf && c->print)
        wr_print_conf(c->conf, stdout);
    else if (c->conf && !c->json)
        print_end(c);
    return is_good(c) ? WR_EXIT_OK : WR_EXIT_FAILED;
}

static int print_table(const struct check *c)
{
    if (c->doc)
        wr_doc_markdown(stdout);
    else if (c->man)
        wr_doc_man(stdout);
    else if (wr_jsonschema_print(stdout))
        return WR_EXIT_FAILED;
    return WR_EXIT_OK;
}

static bool is_of_name(const struct wr_opts *opts)
{
    return opts->operands > 0 && !strcmp(opts->operand[0], "name");
}

static int run_name(struct check *c, const struct wr_opts *opts)
{
    if (c->print || c->schema || c->man)
        return wr_opts_misused(opts, "that option is not for a name");
    if (c->doc) {
        wr_checktell_doc(stdout);
        return WR_EXIT_OK;
    }
    c->name.json = c->json;
    return wr_checkname_run(opts, &c->name);
}

static int run_file(struct check *c, const struct wr_opts *opts)
{
    const struct wr_checkname *n = &c->name;

    if (opts->operands > 1)
        return wr_opts_misused(opts, "one file at a time");
    if (n->ports || n->timeout || n->socket || n->verbose || n->resolver_only)
        return wr_opts_misused(opts, "that option is for a name");
    if (c->schema || c->doc || c->man)
        return print_table(c);
    c->file = opts->operands ? opts->operand[0] : WR_CONF_PATH;
    return run(c, opts->operands > 0);
}

/* The rows need a place for each value; without memory there is nothing to read into. */
static int read_and_run(struct check *c, int argc, char **argv)
{
    const struct wr_opt table[] = {
        {"json", 'j', .flag = &c->json, .help = "print the mistakes, or the findings, as JSON"},
        {"print", 'p', .flag = &c->print, .help = "print what is in force, defaults included"},
        {"schema", 0, .flag = &c->schema, .help = "print the JSON Schema for editors"},
        {"doc", 0, .flag = &c->doc,
         .help = "print docs/config.md; with name docs/doctor.md, all that can be found"},
        {"man", 0, .flag = &c->man, .help = "print the page weir.yaml(5)"},
        {"port", 0, .value = &c->name.ports, .meta = "PORT",
         .help = "name: TCP port of a bare host to try; several: 443,8883"},
        {"resolver-only", 'r', .flag = &c->name.resolver_only,
         .help = "name: ask the resolver alone; try no service and no name server"},
        {"timeout", 't', .value = &c->name.timeout, .meta = "SECONDS",
         .help = "name: time for all of it (30)"},
        {"socket", 's', .value = &c->name.socket, .meta = "PATH",
         .help = "name: the control socket of the gateway that is asked"},
        {"verbose", 'v', .flag = &c->name.verbose,
         .help = "name: tell all that was asked and tried"},
    };
    struct wr_opts opts = {
        "check",
        "[FILE] | name NAME [@SERVER]",
        "Finds every mistake in a configuration (\"-\": standard input; default " WR_CONF_PATH
        "),\nand in the zone files, hosts files, keys, certificates and programs that it names. "
        "Exit status "
        "1 "
        "when\nthere is one.\n\nWith `name` it is a doctor: it looks up what a "
        "client of a host, a service\n(_turn._udp.example), a DNS-SD type or instance, or a domain "
        "looks up, tries what it\nfinds, and tells what is wrong and what mends it. It asks "
        "@SERVER, else the running\ngateway, else the servers of resolv.conf. Exit status 1 when "
        "there is an error.",
        table,
        sizeof(table) / sizeof(table[0]),
        NULL,
        0};
    int status = wr_opts_read(&opts, argc, argv);

    if (status != WR_OPTS_GO)
        return status;
    return is_of_name(&opts) ? run_name(c, &opts) : run_file(c, &opts);
}

int wr_cli_check(int argc, char **argv)
{
    struct check *c = calloc(1, sizeof(*c));
    int status;

    if (!c)
        return WR_EXIT_FAILED;
    status = read_and_run(c, argc, argv);
    wr_conf_free(c->conf);
    free(c);
    return status;
}
