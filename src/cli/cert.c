/* SPDX-License-Identifier: Apache-2.0 */
/* weir cert: certificates for the encrypted listeners. */
#include <stdlib.h>
#include <string.h>

#include "cli/certnew.h"
#include "cli/certshow.h"
#include "cli/opts.h"
#include "cli/verb.h"

/* 825 days is the most that some devices take of an authority that their owner added; a day is spent before it begins. */
#define DAYS     "800"
#define DAYS_MAX 824

static int make(struct wr_opts *opts, struct wr_certnew *job, const char *days)
{
    char *end;

    job->days = strtol(days, &end, 10);
    if (*end || job->days < 1 || job->days > DAYS_MAX)
        return wr_opts_misused(opts, "--days wants a number from 1 to %d", DAYS_MAX);
    if (job->roll && !job->replace)
        return wr_opts_misused(opts, "--roll goes with --replace");
    for (int i = 1; i < opts->operands; i++) {
        const char *wrong = wr_certnew_add(job, opts->operand[i]);

        if (wrong)
            return wr_opts_misused(opts, "%s: %s", opts->operand[i], wrong);
    }
    return wr_certnew_run(job);
}

int wr_cli_cert(int argc, char **argv)
{
    struct wr_certnew job = {.dir = ".", .group = "weir"};
    const char *days = DAYS;
    const struct wr_opt table[] = {
        {"dir", 'd', .value = &job.dir, .meta = "PATH", .help = "where the files are; else here"},
        {"days", 0, .value = &days, .meta = "N", .help = "how long it is good; else " DAYS},
        {"replace", 0, .flag = &job.replace,
         .help =
             "a new certificate in place of the one that is there; its key and so its pin stay"},
        {"roll", 0, .flag = &job.roll, .help = "with the next key, whose pin was printed before"},
        {"qr", 'q', .flag = &job.qr,
         .help = "the URL with the pins as a QR code, also when the output is no terminal"},
        {"json", 'j', .flag = &job.json, .help = "print JSON"},
    };
    struct wr_opts opts = {
        "cert",
        "new NAME ... | show FILE",
        "Makes a certificate for the encrypted listeners, with the names in it by which devices "
        "know "
        "this\ngateway (domain names and addresses), by a certificate authority of your own that "
        "is made "
        "with it\nthe first time and kept. Prints the pins of its key and of the one after "
        "it.\nshow says what stands in a file.",
        table,
        sizeof(table) / sizeof(table[0]),
        NULL,
        0};
    char word[WR_OPTS_WORD_SIZE];
    int status = wr_opts_read_word(&opts, argc, argv, word);

    if (status != WR_OPTS_GO)
        return status;
    return !strcmp(word, "new") ? make(&opts, &job, days)
                                : wr_certshow_run(opts.operand[1], job.json);
}
