/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/registry.h"
#include "unit/policy/household.h"

static char dir[64], path[128], bad[128];

static int setup(void **state)
{
    strcpy(dir, "/tmp/weir-registry-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/devices", dir);
    snprintf(bad, sizeof(bad), "%s/devices.bad", dir);
    return 0;
}

static int teardown(void **state)
{
    char command[256];
    snprintf(command, sizeof(command), "rm -rf -- '%s'", dir);
    return system(command);
}

/* A camera with all that can be said, a phone with a long identifier, and a guest, who is not kept. */
static void fill(struct household *h, struct wr_labels *labels)
{
    static const char id[] =
        "an identifier that is longer than what is kept of one: the rest is a hash";
    lease(h, "192.0.2.1", "00:00:5e:00:00:01", "cam", "IPcam", T0 + 3600, T0);
    neighbour(h, "00:00:5e:00:00:01", "2001:db8::1", T0);
    neighbour(h, "00:00:5e:00:00:01", "fe80::1", T0);
    lease(h, "192.0.2.2", "02:00:00:00:00:02", id, "phone\x7f\"\\", T0 + 3600, T0);
    neighbour(h, "00:00:5e:00:00:03", "192.0.2.3", T0);
    uint32_t camera = device_at(h, "192.0.2.1");
    struct wr_addr addr = address("192.0.2.1");
    wr_census_claim(h->m, &addr, LAN, "camera-1", true, T0);
    assert_int_equal(wr_census_name(h->m, camera, "camera-1"), WR_OK);
    assert_int_equal(wr_census_join(h->m, camera, wr_labels_number(labels, "cameras")), WR_OK);
    const struct wr_census_quarantine how = {"it scans \"ports\"", 7200, T0, true};
    assert_int_equal(wr_census_quarantine_for(h->m, camera, &how), WR_OK);
}

static char *text_of(const struct household *h, const struct wr_labels *labels, size_t *ret_size)
{
    char *text = NULL;
    assert_int_equal(wr_registry_text(h->m, labels, &text, ret_size), WR_OK);
    return text;
}

static void test_there_and_back(void **state)
{
    struct household h = household(16), again = household(16);
    struct wr_labels *labels = NULL, *others = NULL;
    struct wr_registry_read read;
    size_t size, size2;
    assert_int_equal(wr_labels_create(&labels), WR_OK);
    assert_int_equal(wr_labels_create(&others), WR_OK);
    (void)wr_labels_number(others,
                           "shifted"); /* the numbers of groups are others after a restart */
    fill(&h, labels);
    char *text = text_of(&h, labels, &size);
    assert_int_equal(wr_registry_read(again.m, text, size, others, &read), WR_OK);
    assert_int_equal(read.devices, 2);
    assert_int_equal(read.bad, 0);
    assert_int_equal(wr_census_next(again.m), wr_census_next(h.m));
    assert_int_equal(device_at(&again, "192.0.2.1"), device_at(&h, "192.0.2.1"));
    assert_int_equal(device_at(&again, "2001:db8::1"), device_at(&h, "192.0.2.1"));
    assert_int_equal(device_at(&again, "fe80::1"), 0);
    assert_int_equal(device_at(&again, "192.0.2.3"), 0);
    assert_int_equal(who_at(&again, "192.0.2.1").state, WR_WHO_QUARANTINED);
    const struct wr_census_device *camera = wr_census_find(again.m, "camera-1");
    assert_non_null(camera);
    assert_string_equal(wr_labels_text(others, camera->group[0]), "cameras");
    assert_string_equal(camera->reason, "it scans \"ports\"");
    assert_true(camera->shut.timed && camera->shut.kept);
    assert_int_equal(camera->shut.since_s, T0);
    assert_int_equal(camera->shut.left_s, 7200);
    assert_int_equal(camera->shut.until_s, T0 + 7200);
    char *text2 = text_of(&again, others, &size2); /* and nothing is lost by another round */
    struct household third = household(16);
    assert_int_equal(wr_registry_read(third.m, text2, size2, others, &read), WR_OK);
    assert_int_equal(read.devices, 2);
    /* The phone is known again by all of its identifier. */
    lease(&third, "192.0.2.9", "02:00:00:00:00:09",
          "an identifier that is longer than what is kept of one: the rest is a hash",
          "PHONE\x7f\"\\", T0 + 9000, T0 + 600);
    assert_int_equal(device_at(&third, "192.0.2.9"), device_at(&h, "192.0.2.2"));
    free(text);
    free(text2);
    household_end(&h);
    household_end(&again);
    household_end(&third);
    wr_labels_destroy(labels);
    wr_labels_destroy(others);
}

/* However the file is cut or changed: no device is another than it was, and those that are whole are there. */
static void test_torn(void **state)
{
    struct household h = household(16);
    struct wr_labels *labels = NULL;
    size_t size;
    assert_int_equal(wr_labels_create(&labels), WR_OK);
    fill(&h, labels);
    char *text = text_of(&h, labels, &size);
    for (size_t cut = 0; cut < size; cut += 7) {
        struct household again = household(16);
        struct wr_registry_read read = {0, 0};
        int err = wr_registry_read(again.m, text, cut, labels, &read);
        assert_true(err == WR_OK || err == WR_E_FORMAT);
        assert_true(read.devices == wr_census_count(again.m) && read.devices + read.bad <= 2);
        household_end(&again);
    }
    unsigned left_out = 0;
    for (size_t at = 0; at < size; at += 11) {
        struct household again = household(16);
        struct wr_registry_read read = {0, 0};
        text[at] ^= 4;
        int err = wr_registry_read(again.m, text, size, labels, &read);
        text[at] ^= 4;
        left_out += err != WR_OK || read.bad == 1 || read.bad == 2;
        assert_true(err == WR_E_FORMAT || read.devices >= 1);
        household_end(&again);
    }
    assert_true(left_out >= size / 11);
    free(text);
    household_end(&h);
    wr_labels_destroy(labels);
}

/* The checksum holds and the content does not: made by a hand that knows how. */
static void test_nonsense(void **state)
{
    static const char *const lines[] = {
        "{}",
        "[]",
        "7",
        "{\"weir_devices\":2,\"next\":5}",
        "{\"weir_devices\":1}",
        "{\"weir_devices\":1,\"next\":0}",
        "{\"number\":1}",
        "{\"number\":-1}",
    };
    struct wr_labels *labels = NULL;
    assert_int_equal(wr_labels_create(&labels), WR_OK);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        const struct wr_hash_key key = {{0x77656972, 0x64657631}};
        struct wr_census_device d;
        uint32_t next;
        char line[256];
        snprintf(line, sizeof(line), "%016llx %s",
                 (unsigned long long)wr_hash_sip24(&key, lines[i], strlen(lines[i])), lines[i]);
        assert_int_equal(wr_registry_line(line, strlen(line), labels, &d, &next), WR_E_FORMAT);
        line[3] = line[3] == 'x' ? 'y' : 'x';
        assert_int_equal(wr_registry_line(line, strlen(line), labels, &d, &next), WR_E_CHECKSUM);
    }
    wr_labels_destroy(labels);
}

static void test_file(void **state)
{
    struct household h = household(16), again = household(16);
    struct wr_labels *labels = NULL;
    struct wr_registry_read read = {0, 0};
    size_t size;
    struct stat st;
    assert_int_equal(wr_labels_create(&labels), WR_OK);
    fill(&h, labels);
    char *text = text_of(&h, labels, &size);
    assert_int_equal(wr_registry_load(again.m, path, labels, &read), WR_E_NOTFOUND);
    assert_int_equal(wr_registry_save(path, "old", 3), WR_OK);
    assert_int_equal(wr_registry_save(path, text, size), WR_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(wr_registry_load(again.m, path, labels, &read), WR_OK);
    assert_int_equal(read.devices, 2);
    assert_int_equal(wr_registry_save(path, "<html>", 6), WR_OK);
    assert_int_equal(wr_registry_load(again.m, path, labels, &read), WR_E_FORMAT);
    assert_int_equal(access(bad, F_OK), 0);
    assert_int_equal(access(path, F_OK), -1);
    free(text);
    household_end(&h);
    household_end(&again);
    wr_labels_destroy(labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_torn),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test_setup_teardown(test_file, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
