/* SPDX-License-Identifier: Apache-2.0 */
/* weir mud: profiles of devices (RFC 8520): shown, compared, written, imported, enforced. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/limits.h"
#include "cli/mudhits.h"
#include "cli/mudlearn.h"
#include "cli/mudlook.h"
#include "cli/mudtalk.h"
#include "cli/opts.h"
#include "cli/readfile.h"
#include "cli/table.h"
#include "cli/talk.h"
#include "cli/verb.h"
#include "conf/mudfile.h"
#include "conf/mudwrite.h"
#include "transport/cms.h"

/* Two profiles are not the same. */
#define EXIT_DIFFERENT 3
#define PEM_MAX        65536

struct call {
    struct wr_talk talk;
    struct wr_opts *opts;
    bool is_unsigned, proposed, off, shadow;
    const char *signature, *cert, *key;
    struct wr_mudlearn_want learn;
};

/* What the daemon keeps for a device, or proposes for it. NULL: it said why. */
static struct wr_mud *get_kept(const struct call *c, const char *operand, bool proposed,
                               struct wr_mudtalk_file *ret)
{
    struct wr_mud *mud;

    memset(ret, 0, sizeof(*ret));
    if (wr_mudtalk_get(&c->talk, operand, proposed, ret) != WR_EXIT_OK)
        return NULL;
    mud = wr_mudlook_text(operand, ret->text, ret->n);
    if (!mud)
        wr_mudtalk_free(ret);
    return mud;
}

/* A file's, or that of a device. */
static struct wr_mud *get(const struct call *c, const char *operand, struct wr_mudtalk_file *ret)
{
    memset(ret, 0, sizeof(*ret));
    return wr_mudlook_is_file(operand) ? wr_mudlook_file(operand, &ret->text, &ret->n)
                                       : get_kept(c, operand, false, ret);
}

/* One line a profile; the rest is in `show`. */
static void refine_list(json_t *result)
{
    static const char *const keys[] = {"device",   "state", "profile", "aces", "not_enforceable",
                                       "proposed", "due",   "taken",   NULL};

    wr_mudtalk_dates(result);
    wr_table_pick(json_object_get(result, "profiles"), keys);
}

static int list(const struct call *c)
{
    struct wr_talk talk = c->talk;

    talk.narrow = false;
    talk.refine = refine_list;
    return wr_talk_do(&talk, "mud", json_object());
}

static int show(const struct call *c)
{
    struct wr_mudtalk_file file;
    struct wr_mud *mud = get(c, c->opts->operand[1], &file);

    if (!mud)
        return WR_EXIT_FAILED;
    json_t *shown = file.about ? json_deep_copy(file.about) : json_object();
    json_t *said = wr_mudlook_show(mud, file.about);

    if (!c->talk.json)
        wr_mudtalk_dates(shown);
    json_object_del(shown, "controllers");
    json_object_del(shown, "aces"); /* the list of them is in `said`, and comes last there */
    json_object_update(shown, said);
    const char *device = json_string_value(json_object_get(file.about, "device"));
    json_t *hits = NULL;
    int status = device ? wr_mudhits_ask(&c->talk, device, &hits) : WR_EXIT_OK;

    json_object_update(shown, hits);
    json_decref(hits);
    if (status == WR_EXIT_OK)
        status = wr_talk_print(&c->talk, shown);

    json_decref(said);
    json_decref(shown);
    wr_mudfile_free(mud);
    wr_mudtalk_free(&file);
    return status;
}

/* Of a device alone: its own, and what is proposed in its place. */
static int diff(const struct call *c)
{
    struct wr_mudtalk_file one, two = {.text = NULL};
    const char *first = c->opts->operand[1];
    bool alone = c->opts->operands == 2;

    if (alone && wr_mudlook_is_file(first))
        return wr_opts_misused(c->opts, "diff takes DEVICE [FILE], or FILE FILE");
    struct wr_mud *old = get(c, first, &one);
    struct wr_mud *new = !old    ? NULL
                         : alone ? get_kept(c, first, true, &two)
                                 : get(c, c->opts->operand[2], &two);
    int status = WR_EXIT_FAILED;

    if (old && new) {
        size_t count = 0;
        json_t *changes = wr_mudlook_diff(old, new, &count);

        status = wr_talk_print(&c->talk, changes);
        status = status == WR_EXIT_OK && count > 0 ? EXIT_DIFFERENT : status;
        json_decref(changes);
    }
    wr_mudfile_free(old);
    wr_mudfile_free(new);
    wr_mudtalk_free(&one);
    wr_mudtalk_free(&two);
    return status;
}

/* --- writing --- */

static char *read_or_say(const char *path, size_t most, size_t *ret_n)
{
    const char *why = NULL;
    char *bytes = wr_readfile(path, most, ret_n, &why);

    if (!bytes)
        fprintf(stderr, "weir mud: cannot read %s: %s\n", path, why);
    return bytes;
}

static int write_to(const char *path, const void *bytes, size_t n)
{
    FILE *out = fopen(path, "wbe");
    bool good = out && fwrite(bytes, 1, n, out) == n;

    good = out && fclose(out) == 0 && good;
    if (!good)
        fprintf(stderr, "weir mud: cannot write %s\n", path);
    return good ? WR_EXIT_OK : WR_EXIT_FAILED;
}

/* A detached signature over what is written, into the file of --signature. */
static int sign(const struct call *c, const char *text, size_t n)
{
    size_t cert_n = 0, key_n = 0, sig_n = 0;
    char *cert = read_or_say(c->cert, PEM_MAX, &cert_n);
    char *key = cert ? read_or_say(c->key, PEM_MAX, &key_n) : NULL;
    uint8_t *sig = malloc(WR_MUD_SIGNATURE_MAX);
    struct wr_verdict_text why = {""};
    int status = WR_EXIT_FAILED;

    if (key && sig) {
        int err = wr_cms_sign(cert, key, text, n, (int64_t)time(NULL), sig, WR_MUD_SIGNATURE_MAX,
                              &sig_n, &why);

        if (err == WR_OK)
            status = write_to(c->signature, sig, sig_n);
        else
            fprintf(stderr, "weir mud: it cannot be signed: %s\n", why.text);
    }
    if (key)
        explicit_bzero(key, key_n);
    free(cert);
    free(key);
    free(sig);
    return status;
}

static int put_out(const struct call *c, const char *text, size_t n)
{
    int status = c->cert ? sign(c, text, n) : WR_EXIT_OK;

    if (status == WR_EXIT_OK && (fwrite(text, 1, n, stdout) != n || fflush(stdout) != 0))
        status = WR_EXIT_FAILED;
    return status;
}

/* In the form of RFC 8520, whatever form it had. */
static int rewrite(const struct call *c, const struct wr_mud *mud)
{
    char *text = NULL;
    size_t n = 0;
    uint32_t odd = 0;
    int err = wr_mudwrite(mud, &text, &n, &odd), status = WR_EXIT_FAILED;

    if (err == WR_OK)
        status = put_out(c, text, n);
    else if (err == WR_E_UNSUPPORTED)
        fprintf(stderr,
                "weir mud: the ACE %s matches something that weir does not know; without that it "
                "would permit more\n",
                wr_mud_at(mud, mud->ace[odd].name));
    else
        fprintf(stderr, "weir mud: it cannot be written: %s\n", wr_err_name(err));
    free(text);
    return status;
}

/* What is kept for a device goes out as it came, for its signature is over these octets; a file is written anew. */
static int export(const struct call *c)
{
    struct wr_mudtalk_file file;
    int status;

    if ((c->cert != NULL) != (c->key != NULL) || (c->cert && !c->signature))
        return wr_opts_misused(c->opts, "to sign it: --cert FILE, --key FILE and --signature FILE");
    struct wr_mud *mud = get(c, c->opts->operand[1], &file);

    if (!mud)
        return WR_EXIT_FAILED;
    if (!file.about) {
        status = rewrite(c, mud);
    } else if (c->signature && !c->cert && !file.sig) {
        fprintf(stderr, "weir mud: it has no signature; --cert and --key make one\n");
        status = WR_EXIT_FAILED;
    } else {
        status = put_out(c, file.text, file.n);
        if (status == WR_EXIT_OK && c->signature && !c->cert)
            status = write_to(c->signature, file.sig, file.sig_n);
    }
    wr_mudfile_free(mud);
    wr_mudtalk_free(&file);
    return status;
}

/* --- what changes something --- */

static int import(const struct call *c)
{
    if (c->proposed && c->opts->operands > 2)
        return wr_opts_misused(c->opts, "FILE or --proposed, and not both");
    if (c->proposed)
        return wr_talk_do(
            &c->talk, "mud_accept",
            json_pack("{s:s, s:b}", "device", c->opts->operand[1], "unsigned", c->is_unsigned));
    if (c->opts->operands == 2)
        return wr_mudtalk_fetch(&c->talk, c->opts->operand[1], c->is_unsigned);
    if (strstr(c->opts->operand[2], "://"))
        return wr_opts_misused(
            c->opts, "the URL goes into devices[].mud or mud.offers; then `weir mud import %s`",
            c->opts->operand[1]);
    struct wr_mudtalk_file file = {.text = NULL};
    struct wr_mud *mud = wr_mudlook_file(c->opts->operand[2], &file.text, &file.n);
    int status = WR_EXIT_FAILED;

    if (mud && c->signature)
        file.sig = read_or_say(c->signature, WR_MUD_SIGNATURE_MAX, &file.sig_n);
    if (mud && (!c->signature || file.sig))
        status = wr_mudtalk_import(&c->talk, c->opts->operand[1], &file, c->is_unsigned);
    wr_mudfile_free(mud);
    wr_mudtalk_free(&file);
    return status;
}

static int enforce(const struct call *c)
{
    const char *mode = c->off ? "off" : c->shadow ? "shadow" : "enforced";

    if (c->off && c->shadow)
        return wr_opts_misused(c->opts, "--off or --shadow, and not both");
    return wr_talk_do(&c->talk, "mud_enforce",
                      json_pack("{s:s, s:s}", "device", c->opts->operand[1], "mode", mode));
}

static int forget(const struct call *c)
{
    return wr_talk_do(&c->talk, "mud_remove", json_pack("{s:s}", "device", c->opts->operand[1]));
}

static int learn(const struct call *c)
{
    struct wr_mudlearn_want want = c->learn;

    want.device = c->opts->operand[1];
    return wr_mudlearn_run(&want, &c->talk, c->opts);
}

/* From a file's profile, or from the one that it has. */
static int drift(const struct call *c)
{
    struct wr_mudlearn_want want = c->learn;
    struct wr_mudtalk_file file;
    struct wr_mud *mud = get(c, c->opts->operand[c->opts->operands - 1], &file);
    int status = WR_EXIT_FAILED;

    want.device = c->opts->operand[1];
    if (mud) {
        status = wr_mudlearn_drift(&want, mud, &c->talk, c->opts);
        wr_mudfile_free(mud);
        wr_mudtalk_free(&file);
    }
    return status;
}

static const struct {
    const char *name;
    int (*run)(const struct call *c);
} words[] = {{"list", list},       {"show", show},     {"diff", diff},
             {"drift", drift},     {"export", export}, {"import", import},
             {"enforce", enforce}, {"learn", learn},   {"remove", forget}};

/* An option that is another word's would be passed over, and who wrote it thinks that it holds. */
static int misfit(const struct call *c, const char *word)
{
    const struct {
        bool given;
        const char *option, *words;
    } options[] = {
        {c->is_unsigned, "unsigned", "import"},
        {c->proposed, "proposed", "import"},
        {c->off, "off", "enforce"},
        {c->shadow, "shadow", "enforce"},
        {c->signature != NULL, "signature", "import and export"},
        {c->cert != NULL, "cert", "export"},
        {c->key != NULL, "key", "export"},
        {c->learn.to != NULL, "to", "learn"},
        {c->learn.days != NULL, "days", "learn and drift"},
        {c->learn.folder != NULL, "log", "learn and drift"},
        {c->learn.config != NULL, "config", "learn and drift"},
    };

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (options[i].given && !strstr(options[i].words, word))
            return wr_opts_misused(c->opts, "--%s is for %s, not for %s", options[i].option,
                                   options[i].words, word);
    }
    return WR_OPTS_GO;
}

/* Each word's own lines begin with it. */
static const char about[] =
    "Profiles of devices, as their manufacturers write them (RFC 8520). FILE has a \"/\" in its "
    "name,\nor ends in .json; DEVICE is a name, an id, a MAC address or an address.\n\n"
    "list: the profiles that weir keeps (proposed: another one waits for import --proposed; due:\n"
    "it is to be looked after; taken: when it was imported), and where devices say that theirs\n"
    "are (offered).\n\n"
    "show: in words what a profile permits (says), and of each of its entries (ACEs) how weir\n"
    "enforces it where the profile is in force (enforced), and if not, why; enforceable and\n"
    "not_enforceable count them.\n"
    "same-manufacturer, manufacturer and model mean devices by the mud-url of their own profile,\n"
    "so the other device needs one too, in force or not: of the maker's, its host (and port) has\n"
    "to be the same, of the model all of it. They open something where the device's segment has\n"
    "`reach: answered`, towards other segments. Of a device show tells also\n"
    "  state         imported: nothing of it is in force; shadow; enforced\n"
    "  from, signer  the URL that it was fetched from (-: a file); who has signed it (-: nobody)\n"
    "  vouched       it is believed who made the device: the profile is signed, or a file of\n"
    "                yours, or from the host of its mud-url; no: it is of no maker's devices\n"
    "  leases        the device's segment has `reach: answered`, so that addresses are held back\n"
    "  addresses     what becomes of the entries that are enforced by address\n"
    "  others        devices that its entries mean by maker or model, and why one is not_reached\n"
    "  hits          names that were refused by it, or in the shadow would have been\n"
    "                (would_refuse)\n\n"
    "diff: what one permits and another does not (exit status 3: there is something); of a device\n"
    "alone, what would change by the one that is proposed.\n\n"
    "import: gives a device a profile: FILE, or without one, as you allow it by this, what is at\n"
    "the URL of devices[].mud, of mud.offers or of the device itself (list). While nothing is in\n"
    "force for the device that changes nothing; of one that has a profile in force, or in the\n"
    "shadow, the new one is so at once. One that was fetched is looked after when its time is\n"
    "over; what is another one then is proposed: diff DEVICE shows what changed, import DEVICE\n"
    "--proposed takes it, with --unsigned where nobody has signed it.\n\n"
    "enforce: puts it in force: the device gets the names in it and no others. Where its segment\n"
    "has `reach: answered`, all that was open to it is closed: by an answer that it has cached it\n"
    "is rejected until it asks again. With --shadow nothing is refused and nothing closed.\n\n"
    "export: writes what was imported as it came, and a file in the form of RFC 8520.\n\n"
    "learn: proposes one from what a device has asked for, as the log on disk has it, and tells\n"
    "on what each line stands.\n\n"
    "drift: what a device asks for that its profile does not have (exit status 3: there is\n"
    "something), and what it no longer asks for.";

int wr_cli_mud(int argc, char **argv)
{
    struct call c = {.talk = {.who = "mud", .narrow = true, .refine = wr_mudtalk_dates}};
    const struct wr_opt table[] = {
        WR_TALK_SOCKET_ROW(c.talk),
        WR_TALK_JSON_ROW(c.talk),
        {"unsigned", 0, .flag = &c.is_unsigned,
         .help = "import: it is not signed, and good by your word"},
        {"proposed", 0, .flag = &c.proposed,
         .help = "import: what was found where its profile is from, when that was due"},
        {"signature", 0, .value = &c.signature, .meta = "FILE",
         .help = "import: its signature (detached CMS); export: where that goes"},
        {"cert", 0, .value = &c.cert, .meta = "FILE",
         .help = "export: the certificate to sign it with, and those up to an authority"},
        {"key", 0, .value = &c.key, .meta = "FILE", .help = "export: and its key"},
        {"config", 'c', .value = &c.learn.config, .meta = "FILE",
         .help = "learn, drift: where log.path is written"},
        {"days", 0, .value = &c.learn.days, .meta = "N",
         .help = "learn, drift: as many days of the log (30)"},
        {"log", 0, .value = &c.learn.folder, .meta = "PATH",
         .help = "learn, drift: the log's folder, when it is not log.path"},
        {"to", 0, .value = &c.learn.to, .meta = "FILE",
         .help = "learn: write the profile into this file, which must be new"},
        {"off", 0, .flag = &c.off, .help = "enforce: not any more"},
        {"shadow", 0, .flag = &c.shadow,
         .help = "enforce: refuse nothing, and tell in the log what it would refuse"},
    };
    struct wr_opts opts = {
        "mud",
        "[list] | show DEVICE | show FILE | diff DEVICE [FILE] | diff FILE FILE | import DEVICE "
        "[FILE] | enforce DEVICE | export DEVICE | export FILE | remove DEVICE | learn DEVICE | "
        "drift DEVICE [FILE]",
        about,
        table,
        sizeof(table) / sizeof(table[0]),
        NULL,
        0};
    char word[WR_OPTS_WORD_SIZE];
    int status = wr_opts_read_word(&opts, argc, argv, word);

    c.opts = &opts;
    c.talk.word = word;
    if (status == WR_OPTS_GO)
        status = misfit(&c, word);
    for (size_t i = 0; status == WR_OPTS_GO && i < sizeof(words) / sizeof(words[0]); i++)
        if (!strcmp(word, words[i].name))
            return words[i].run(&c);
    return status;
}
