/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/mem.h"
#include "conf/yaml.h"

static struct wr_conf_mem mem;
static struct wr_mistakes mistakes;

static int setup(void **state)
{
    wr_mem_init(&mem);
    wr_mistakes_init(&mistakes);
    return 0;
}

static int teardown(void **state)
{
    wr_mem_free(&mem);
    return 0;
}

static struct wr_yaml read_yaml(const char *text)
{
    struct wr_yaml yaml = {0};

    wr_mistakes_init(&mistakes);
    assert_int_equal(wr_yaml_read(text, strlen(text), &mem, &mistakes, &yaml), WR_OK);
    return yaml;
}

static void test_tree(void **state)
{
    struct wr_yaml yaml = read_yaml("a: 1\nb:\n  - x\n  - {c: 'y', d: \"\"}\ne: [p, [q]]\n");
    const struct wr_yaml_node *node;

    assert_int_equal(mistakes.count, 0);
    assert_false(yaml.torn);
    assert_int_equal(yaml.root->kind, WR_YAML_MAP);
    assert_int_equal(yaml.root->count, 3);
    node = wr_yaml_find(&yaml, "a");
    assert_string_equal(node->text, "1");
    assert_true(node->plain);
    assert_int_equal(node->line, 1);
    assert_int_equal(node->column, 4);
    assert_int_equal(node->key->column, 1);
    node = wr_yaml_find(&yaml, "b[1].c");
    assert_string_equal(node->text, "y");
    assert_false(node->plain);
    assert_int_equal(node->line, 4);
    assert_int_equal(node->column, 9);
    assert_string_equal(wr_yaml_find(&yaml, "e[1][0]")->text, "q");
    assert_int_equal(wr_yaml_find(&yaml, "b")->count, 2);
    assert_null(wr_yaml_find(&yaml, "b[2]"));
    assert_null(wr_yaml_find(&yaml, "f"));
    assert_null(wr_yaml_find(&yaml, "a.b"));
    assert_ptr_equal(wr_yaml_find(&yaml, ""), yaml.root);
}

static void test_empty(void **state)
{
    static const char *const texts[] = {"",      "\n\n",       "# only words\n",
                                        "---\n", "---\n...\n", "\xef\xbb\xbf# a byte order mark\n"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct wr_yaml yaml = read_yaml(texts[i]);

        assert_int_equal(mistakes.count, 0);
        assert_false(yaml.torn);
        assert_true(!yaml.root || yaml.root->n == 0);
        assert_null(wr_yaml_find(&yaml, "a"));
    }
}

struct refused {
    const char *text;
    uint32_t line, column;
    const char *says;
    bool torn;
};

/* What YAML can do and a configuration should not, and broken syntax, each with its place. */
static void test_refused(void **state)
{
    static const struct refused rows[] = {
        {"a: &x 1\n", 1, 4, "anchor \"x\"", false},
        {"a: &x {b: 1}\n", 1, 4, "anchor \"x\"", false},
        {"a: *x\n", 1, 4, "alias \"x\"", false},
        {"a: !!int 1\n", 1, 4, "tag ", false},
        {"a: !own [1]\n", 1, 4, "tag \"!own\"", false},
        {"a: 1\nb: 2\na: 3\n", 3, 1, "twice (first in line 1)", false},
        {"a: 1\n\"a\": 3\n", 2, 1, "twice", false},
        {"? [a]\n: 1\n", 1, 3, "one word", false},
        {"? {a: b}\n: 1\n", 1, 3, "one word", false},
        {"a: 1\n---\nb: 2\n", 2, 1, "second document", false},
        {"a:\n\tb: 1\n", 2, 1, "tab in the indentation", true},
        {"a:\n  \tb: 1\n", 2, 3, "tab in the indentation", true},
        {"a: [1\n", 2, 1, "not YAML", true},
        {"a: {b: c: d}\n", 1, 9, "not YAML", true},
        {"a: \"x\n", 2, 1, "not YAML", true},
        {"a: b\n c: d\n", 2, 3, "not YAML", true},
        {"a: @x\n", 1, 4, "not YAML", true},
        {"a: \xff\n", 1, 4, "octet 0xff is not UTF-8", true},
        {"a: \xc3\n", 1, 4, "not UTF-8", true},
        {"a: \xed\xa0\x80\n", 1, 4, "not UTF-8", true},
        {"a: \x01\n", 1, 4, "control character 0x01", true},
        {"a: caf\xc3\xa9 \x1b[1m\n", 1, 9, "control character 0x1b", true}, /* characters count */
        {"\x7f"
         "ELF",
         1, 1, "control character 0x7f", true},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_yaml yaml = read_yaml(rows[i].text);

        if (mistakes.count != 1)
            fail_msg("%s: %u mistakes", rows[i].text, mistakes.count);
        if (!strstr(mistakes.item[0].text, rows[i].says) || mistakes.item[0].line != rows[i].line ||
            mistakes.item[0].column != rows[i].column)
            fail_msg("%s: %u:%u: %s", rows[i].text, mistakes.item[0].line, mistakes.item[0].column,
                     mistakes.item[0].text);
        assert_int_equal(yaml.torn, rows[i].torn);
    }
}

/* One mistake does not hide the next. */
static void test_goes_on(void **state)
{
    struct wr_yaml yaml = read_yaml("a: &x 1\nb: *x\nb: 2\nc: !t [&y 1]\nd: 4\n");

    assert_int_equal(mistakes.count, 5);
    assert_string_equal(wr_yaml_find(&yaml, "d")->text, "4");
    assert_int_equal(wr_yaml_find(&yaml, "b")->kind, WR_YAML_BROKEN);
    /* What stands before broken syntax is there. */
    yaml = read_yaml("a: 1\nb: [2\nc: 3\n");
    assert_true(yaml.torn);
    assert_string_equal(wr_yaml_find(&yaml, "a")->text, "1");
}

/* A NUL written as an escape is kept: the length counts. */
static void test_escaped_nul(void **state)
{
    struct wr_yaml yaml = read_yaml("a: \"x\\0y\"\n");

    assert_int_equal(wr_yaml_find(&yaml, "a")->n, 3);
    assert_memory_equal(wr_yaml_find(&yaml, "a")->text, "x\0y", 4);
}

/* `n` times `piece` behind `head`. */
static char *repeated(const char *head, const char *piece, size_t n, size_t *ret_size)
{
    size_t a = strlen(head), b = strlen(piece);
    char *text = malloc(a + n * b);

    assert_non_null(text);
    memcpy(text, head, a);
    for (size_t i = 0; i < n; i++)
        memcpy(text + a + i * b, piece, b);
    *ret_size = a + n * b;
    return text;
}

static void check_bounded(const char *head, const char *piece, size_t n, int err, const char *says)
{
    struct wr_conf_mem own;
    struct wr_yaml yaml;
    size_t size;
    char *text = repeated(head, piece, n, &size);
    bool said = false;

    wr_mem_init(&own);
    wr_mistakes_init(&mistakes);
    assert_int_equal(wr_yaml_read(text, size, &own, &mistakes, &yaml), err);
    for (uint32_t i = 0; i < mistakes.count; i++)
        said = said || strstr(mistakes.item[i].text, says);
    if (!said)
        fail_msg("%s%s...: %s", head, piece, mistakes.count ? mistakes.item[0].text : "nothing");
    wr_mem_free(&own);
    free(text);
}

static void test_bounds(void **state)
{
    check_bounded("", "[", 1000000, WR_OK, "nested more than 16");
    check_bounded("", "{a: ", 100000, WR_OK, "nested more than 16");
    check_bounded("", "- ", 100000, WR_OK, "nested more than 16");
    check_bounded("a: [", "1,", WR_CONF_NODES_MAX, WR_E_LIMIT, "more than 131072 values");
    check_bounded("", "a: 1\n", WR_CONF_KEYS_MAX * 2, WR_OK, "twice");
    check_bounded("", " ", WR_CONF_SIZE_MAX + 1, WR_E_LIMIT, "larger than 16 MiB");
}

static void check_depth(size_t depth, uint32_t mistakes_wanted)
{
    char text[WR_CONF_DEPTH_MAX * 2 + 3];

    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    text[depth * 2] = '\0';
    read_yaml(text);
    assert_int_equal(mistakes.count, mistakes_wanted);
}

/* Exactly as deep as allowed is allowed. */
static void test_depth(void **state)
{
    check_depth(WR_CONF_DEPTH_MAX, 0);
    check_depth(WR_CONF_DEPTH_MAX + 1, 1);
}

/* A tab that parts words is no indentation. */
static void test_tab_inside(void **state)
{
    struct wr_yaml yaml = read_yaml("a:\t1\t# words\nb: \"x\ty\"\n");

    assert_int_equal(mistakes.count, 0);
    assert_string_equal(wr_yaml_find(&yaml, "a")->text, "1");
    assert_string_equal(wr_yaml_find(&yaml, "b")->text, "x\ty");
}

static void test_many_keys(void **state)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    struct wr_yaml yaml;

    for (int i = 0; i < WR_CONF_KEYS_MAX + 50; i++)
        fprintf(out, "k%d: 1\n", i);
    fclose(out);
    yaml = read_yaml(text);
    assert_int_equal(yaml.root->count, WR_CONF_KEYS_MAX);
    assert_int_equal(mistakes.count, 1);
    assert_non_null(strstr(mistakes.item[0].text, "more than 128 keys"));
    free(text);
}

/* Memory refused at any point: a clean end. */
static void test_no_memory(void **state)
{
    static const char text[] = "a: [1, {b: 2}]\nc: d\n";
    int err = WR_E_NOMEM;
    size_t n;

    for (n = 1; err == WR_E_NOMEM && n < 100; n++) {
        struct wr_conf_mem none;
        struct wr_yaml yaml;

        wr_mem_init(&none);
        none.refuse_after = n;
        err = wr_yaml_read(text, strlen(text), &none, &mistakes, &yaml);
        wr_mem_free(&none);
    }
    assert_int_equal(err, WR_OK);
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_refused),     cmocka_unit_test(test_goes_on),
        cmocka_unit_test(test_escaped_nul), cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_depth),       cmocka_unit_test(test_many_keys),
        cmocka_unit_test(test_tab_inside),  cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
