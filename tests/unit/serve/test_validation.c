/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/mistakes.h"
#include "serve/trust.h"
#include "serve/validation.h"

#define SHA256 "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"

struct made {
    struct wr_validation validation;
    struct wr_prove_settings settings;
    struct wr_validation_mistake mistake;
};

static int make(struct made *m, const char *yaml)
{
    struct wr_mistakes *mistakes = calloc(1, sizeof(*mistakes));
    struct wr_conf *conf = NULL;
    wr_mistakes_init(mistakes);
    if (wr_conf_read(yaml, strlen(yaml), mistakes, &conf) != WR_OK) {
        wr_mistakes_print(mistakes, "test", stderr);
        fail();
    }
    free(mistakes);
    memset(m, 0xa5, sizeof(*m)); /* everything is filled in */
    int err = wr_validation_make(conf, NULL, &m->validation, &m->settings, &m->mistake);
    wr_conf_free(conf);
    return err;
}

static struct wr_name name_of(const char *text)
{
    struct wr_name n;
    assert_int_equal(wr_name_from_text(text, strlen(text), &n), WR_OK);
    return n;
}

/* The anchor over the name, as text; "" when there is none. Negative ones with "-" before. */
static const char *over(const struct made *m, const char *name)
{
    static char text[WR_NAME_TEXT_SIZE + 1];
    struct wr_name n = name_of(name);
    const struct wr_anchor *a = wr_anchors_closest(m->settings.anchors, n.wire, 0);
    text[0] = 0;
    if (a) {
        text[0] = '-';
        wr_name_to_text(a->name.wire, text + a->negative, sizeof(text) - 1);
    }
    return text;
}

static void test_defaults(void **state)
{
    struct made m;
    struct wr_now now = {.mono_us = 1, .wall_proven = true};
    assert_int_equal(make(&m, ""), WR_OK);
    assert_null(m.mistake.text);
    assert_true(m.settings.enable);
    assert_false(m.settings.system_clock);
    assert_false(m.settings.refuse_unproven);
    assert_int_equal(m.settings.spareds, 4); /* the built-in time servers */
    assert_true(m.settings.floor_s == WR_TRUST_RELEASE_S);
    assert_false(m.settings.policy.sha1_rely);
    assert_int_equal(m.settings.policy.nsec3_iterations, 150);
    assert_ptr_equal(m.settings.anchors, &m.validation.anchors);
    assert_string_equal(over(&m, "www.example."), "."); /* the Internet's root */
    assert_int_equal(wr_prove_least(&m.settings, &now), WR_SECURITY_INSECURE);
    now.wall_proven = false;
    assert_int_equal(wr_prove_least(&m.settings, &now), WR_SECURITY_INDETERMINATE);
    wr_validation_free(&m.validation);
    wr_validation_free(&m.validation); /* twice is once */
}

static void test_what_the_owner_wrote(void **state)
{
    struct made m;
    struct wr_now now = {.mono_us = 1};
    assert_int_equal(make(&m, "time:\n"
                              "  trust: system\n"
                              "  unproven: refuse\n"
                              "  servers: [192.0.2.1, 'Time.example:99']\n"
                              "dnssec:\n"
                              "  sha1: rely\n"
                              "  nsec3_iterations: 50\n"
                              "  negative: [broken.example]\n"
                              "  anchors: ['example. DS 12345 13 2 " SHA256 "']\n"),
                     WR_OK);
    assert_null(m.mistake.text);
    assert_true(m.settings.system_clock);
    assert_true(m.settings.refuse_unproven);
    assert_int_equal(m.settings.spareds, 1);
    assert_string_equal((const char *)m.settings.spared[0].wire, "\4Time\7example");
    assert_true(m.settings.policy.sha1_rely);
    assert_int_equal(m.settings.policy.nsec3_iterations, 50);
    assert_string_equal(over(&m, "www.example."), "example.");
    assert_string_equal(over(&m, "www.broken.example."), "-broken.example.");
    assert_string_equal(over(&m, "www.test."), ""); /* anchors of the owner are all there are */
    assert_int_equal(wr_prove_least(&m.settings, &now), WR_SECURITY_INSECURE);
    wr_validation_free(&m.validation);
}

static void test_switched_off(void **state)
{
    struct made m;
    struct wr_now now = {.mono_us = 1};
    assert_int_equal(make(&m, "dnssec: {validate: false}\n"), WR_OK);
    assert_false(m.settings.enable);
    assert_int_equal(wr_prove_least(&m.settings, &now), WR_SECURITY_UNCHECKED);
    wr_validation_free(&m.validation);
}

static void test_no_anchor(void **state)
{
    static const char *const wrong[] = {"example. A 192.0.2.1", "example.", "12345 13 2 abcd",
                                        "example. DS 12345 13 2 XYZ",
                                        "example. DNSKEY 0 3 13 AAAA"};
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct made m;
        char yaml[512];
        snprintf(yaml, sizeof(yaml), "dnssec: {anchors: ['good. DS 12345 13 2 %s', '%s']}\n",
                 SHA256, wrong[i]);
        assert_int_equal(make(&m, yaml), WR_E_FORMAT);
        assert_int_equal(m.mistake.index, 1);
        assert_non_null(m.mistake.text);
        wr_validation_free(&m.validation);
    }
}

/* One that can match no key: whoever wrote it wants protection, so the name is bogus and not open; the owner is told. */
static void test_digest_of_wrong_length(void **state)
{
    struct made m;
    assert_int_equal(make(&m, "dnssec: {anchors: ['example. DS 12345 13 2 ABCD',\n"
                              "                   'other. DS 12345 13 2 " SHA256 "']}\n"),
                     WR_OK);
    assert_int_equal(m.mistake.index, 0);
    assert_non_null(strstr(m.mistake.text, "bogus"));
    assert_string_equal(over(&m, "www.example."), "example.");
    assert_string_equal(over(&m, "other."), "other.");
    wr_validation_free(&m.validation);
}

/* As many as the table takes, of both kinds. */
static void test_many(void **state)
{
    struct made m;
    static char yaml[65536];
    size_t used = 0;
    for (unsigned kind = 0; kind < 2; kind++) {
        used += (size_t)snprintf(yaml + used, sizeof(yaml) - used,
                                 kind ? "]\n  negative: [" : "dnssec:\n  anchors: [");
        for (unsigned i = 0; i < 64; i++) {
            used += (size_t)snprintf(yaml + used, sizeof(yaml) - used,
                                     kind ? "%sn%u" : "%s'a%u. DS 12345 13 2 " SHA256 "'",
                                     i ? ", " : "", i);
        }
    }
    snprintf(yaml + used, sizeof(yaml) - used, "]\n");
    assert_int_equal(make(&m, yaml), WR_OK);
    assert_string_equal(over(&m, "a63."), "a63.");
    assert_string_equal(over(&m, "n63."), "-n63.");
    wr_validation_free(&m.validation);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_what_the_owner_wrote),
        cmocka_unit_test(test_switched_off),
        cmocka_unit_test(test_no_anchor),
        cmocka_unit_test(test_digest_of_wrong_length),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
