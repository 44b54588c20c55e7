/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/opts.h"
#include "cli/verb.h"

static bool json, print;
static const char *file;
static struct wr_opts opts;
static char *words[16];

static int read_line(const char *line)
{
    static char copy[256];
    static const struct wr_opt table[] = {
        {"json", 'j', .flag = &json, .help = "JSON"},
        {"print", 'p', .flag = &print, .help = "print"},
        {"config", 'c', .value = &file, .meta = "FILE", .help = "the file"},
    };
    int n = 0;

    json = print = false;
    file = NULL;
    strcpy(copy, line);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        words[n++] = word;
    opts = (struct wr_opts){"check", "[FILE]", "Checks.", table, 3, NULL, 0};
    return wr_opts_read(&opts, n, words);
}

static void test_good(void **state)
{
    static const struct {
        const char *line, *file;
        bool json, print;
        int operands;
        const char *first;
    } rows[] = {
        {"", NULL, false, false, 0, NULL},
        {"--json a b", NULL, true, false, 2, "a"},
        {"a --json", NULL, true, false, 1, "a"},
        {"a -jp b", NULL, true, true, 2, "a"},
        {"--config=x a", "x", false, false, 1, "a"},
        {"--config x -j", "x", true, false, 0, NULL},
        {"-c x", "x", false, false, 0, NULL},
        {"-cx -p", "x", false, true, 0, NULL},
        {"-jcx", "x", true, false, 0, NULL},
        {"-- --json -p", NULL, false, false, 2, "--json"},
        {"- -j", NULL, true, false, 1, "-"},
        {"--config= a", "", false, false, 1, "a"},
        {"--config --json", "--json", false, false, 0, NULL},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (read_line(rows[i].line) != WR_OPTS_GO)
            fail_msg("%s was refused", rows[i].line);
        assert_int_equal(json, rows[i].json);
        assert_int_equal(print, rows[i].print);
        assert_int_equal(opts.operands, rows[i].operands);
        if (rows[i].file)
            assert_string_equal(file, rows[i].file);
        else
            assert_null(file);
        if (rows[i].first)
            assert_string_equal(opts.operand[0], rows[i].first);
    }
}

static void test_misused(void **state)
{
    static const char *const rows[] = {"--jsn",    "--json=1", "-x", "-jx",
                                       "--config", "-c",       "--", "a --nothing"};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int want = strcmp(rows[i], "--") ? WR_EXIT_USAGE : WR_OPTS_GO;

        if (read_line(rows[i]) != want)
            fail_msg("%s", rows[i]);
    }
}

/* By a usage line with words; what was said of it is in `ret`. */
static int read_word(const char *usage, const char *line, char *ret, size_t cap, char *ret_word)
{
    static const struct wr_opt table[] = {
        {"json", 'j', .flag = &json, .help = "JSON"},
        {"print", 'p', .flag = &print, .help = "show, add: print"},
        {"config", 'c', .value = &file, .meta = "FILE", .help = "add: the file"},
    };
    static char copy[256];
    FILE *said = tmpfile();
    int err = dup(STDERR_FILENO), n = 0;

    assert_non_null(said);
    assert_true(err >= 0);
    strcpy(copy, line);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        words[n++] = word;
    opts = (struct wr_opts){"thing", usage, "Does.", table, 3, NULL, 0};
    fflush(stderr);
    assert_true(dup2(fileno(said), STDERR_FILENO) >= 0);
    int status = wr_opts_read_word(&opts, n, words, ret_word);
    fflush(stderr);
    assert_true(dup2(err, STDERR_FILENO) >= 0);
    close(err);
    rewind(said);
    ret[fread(ret, 1, cap - 1, said)] = 0;
    fclose(said);
    return status;
}

static void test_words(void **state)
{
    static const char many[] = "[list] | show NAME | show FILE | add NAME [FILE] | new NAME ...";
    static const struct {
        const char *usage, *line, *word; /* NULL: refused, */
        const char *said;                /* with this in it */
    } rows[] = {
        {many, "", "list", ""},
        {many, "list", "list", ""},
        {many, "show a", "show", ""},
        {many, "-j add a", "add", ""},
        {many, "add a b", "add", ""},
        {many, "new a b c d", "new", ""},
        {many, "list a", NULL,
         "weir thing: list takes nothing else; \"a\" is one word too many\nusage: weir thing "
         "[OPTION ...] list (--help"},
        {many, "show", NULL,
         "show takes NAME, or FILE\nusage: weir thing [OPTION ...] show NAME | show FILE (--help"},
        {many, "add a b c", NULL, "add takes NAME [FILE]; \"c\" is one"},
        {many, "new", NULL, "new takes NAME ...\n"},
        {many, "ad", NULL, "unknown word \"ad\"; did you mean add?"},
        {many, "tv\033", NULL,
         "it is none of list, show, add or new\nusage: weir thing [OPTION ...] [list] | show"},
        {"[add FILE | drop NAME]", "", "", ""},
        {"[add FILE | drop NAME]", "drop a", "drop", ""},
        {"[add FILE | drop NAME]", "add", NULL, "add takes FILE\n"},
        {"[add FILE | drop NAME]", "drop a b", NULL, "drop takes NAME; \"b\" is one word too"},
        {"[add FILE | drop NAME]", "drop a \033[x", NULL, "is one word too many\n"},
        {"[show [KEY]] | set KEY VALUE", "", "show", ""},
        {"[show [KEY]] | set KEY VALUE", "show a", "show", ""},
        {"[show [KEY]] | set KEY VALUE", "set a", NULL, "set takes KEY VALUE\n"},
        {"show [NAME] | flush NAME", "", NULL, "which of show or flush?"},
        {"DEVICE | show DEVICE", "tv", "", ""},
        {"DEVICE | show DEVICE", "show tv", "show", ""},
        {"DEVICE | show DEVICE", "show", NULL, "show takes DEVICE\n"},
        {"DEVICE | show DEVICE", "tv set", NULL, "unknown word \"tv\": it is none of show\n"},
        {"DEVICE | show DEVICE", "", NULL, "weir thing: DEVICE, or one of show?\n"},
        {"FILE", "a b", NULL, "nothing may follow"},
    };
    char text[512], word[WR_OPTS_WORD_SIZE];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int status = read_word(rows[i].usage, rows[i].line, text, sizeof(text), word);

        if (status != (rows[i].word ? WR_OPTS_GO : WR_EXIT_USAGE) || !strstr(text, rows[i].said) ||
            (rows[i].word && strcmp(word, rows[i].word) != 0))
            fail_msg("%s, %s: %d, %s, %s", rows[i].usage, rows[i].line, status, word, text);
        assert_null(strchr(text, '\033'));
    }
}

/* Of a word that was said: its ways, and the options that are not of others. */
static void test_help_of_word(void **state)
{
    static const struct {
        const char *line;
        bool print, config;
        const char *about;
    } rows[] = {{"show a", true, false, "\n\nOf all: this.\nshow: one,\n  and more: it.\n\n"},
                {"add a", true, true, "\n\nOf all: this.\nadd, list: two\n\n"},
                {"list", false, false, "\n\nOf all: this.\nadd, list: two\n\n"}};
    char said[512], word[WR_OPTS_WORD_SIZE];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *text = NULL;
        size_t n;
        FILE *out = open_memstream(&text, &n);

        assert_int_equal(read_word("[list] | show NAME | add NAME [FILE]", rows[i].line, said,
                                   sizeof(said), word),
                         WR_OPTS_GO);
        opts.about = "Of all: this.\nshow: one,\n  and more: it.\n\nadd, list: two";
        wr_opts_help(&opts, out);
        fclose(out);
        assert_non_null(strstr(text, word));
        assert_non_null(strstr(text, rows[i].about));
        assert_null(strchr(text, '|'));
        assert_non_null(strstr(text, "--json"));
        assert_int_equal(strstr(text, "--print") != NULL, rows[i].print);
        assert_int_equal(strstr(text, "--config") != NULL, rows[i].config);
        free(text);
    }
}

static void test_help(void **state)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    (void)read_line("");
    wr_opts_help(&opts, out);
    fclose(out);
    assert_non_null(strstr(text, "usage: weir check [OPTION ...] [FILE]\n"));
    assert_non_null(strstr(text, "  -c, --config FILE"));
    assert_non_null(strstr(text, "--help"));
    free(text);
    assert_int_equal(read_line("a --help --nothing"), WR_EXIT_OK);
}

static void test_left(void **state)
{
    static const struct {
        struct wr_opt row;
        const char *want;
    } rows[] = {
        {{.name = "json", .letter = 'j'}, "-j, --json"},
        {{.name = "config", .letter = 'c', .meta = "FILE"}, "-c, --config FILE"},
        {{.name = "doc"}, "--doc"},
        {{.letter = 'x', .meta = "ADDRESS"}, "-x ADDRESS"},
        {{.name = "+[no]tcp"}, "+[no]tcp"},
        {{.name = "+retry", .meta = "N"}, "+retry=N"},
        {{.name = "+[no]edns", .meta = "[=VERSION]"}, "+[no]edns[=VERSION]"},
    };
    char text[64];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        wr_opts_left(&rows[i].row, text, sizeof(text));
        assert_string_equal(text, rows[i].want);
    }
}

static void tell(void *user, const struct wr_opts *told)
{
    *(const struct wr_opts **)user = told;
}

/* Who listens gets the table, and nothing is read. */
static void test_told(void **state)
{
    const struct wr_opts *told = NULL;

    wr_opts_listen(tell, &told);
    assert_int_equal(read_line("--nothing"), WR_EXIT_OK);
    assert_ptr_equal(told, &opts);
    assert_int_equal(told->rows, 3);
    wr_opts_listen(NULL, NULL);
    assert_int_equal(read_line("--nothing"), WR_EXIT_USAGE);
    assert_false(wr_opts_told(&opts));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),  cmocka_unit_test(test_misused),
        cmocka_unit_test(test_words), cmocka_unit_test(test_help_of_word),
        cmocka_unit_test(test_help),  cmocka_unit_test(test_left),
        cmocka_unit_test(test_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
