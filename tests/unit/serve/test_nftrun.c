/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that stand for nft; what the hand does with them is in test_firehand. */
#include "unit/unit.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/nftrun.h"

static char folder[64], nft[96];
static char said[WR_NFTRUN_SAID_MAX + 1], why[WR_NFTRUN_WHY_SIZE];

static int setup(void **state)
{
    strcpy(folder, "/tmp/weir-nftrun-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(nft, sizeof(nft), "%s/nft", folder);
    return 0;
}

static int teardown(void **state)
{
    unlink(nft);
    return rmdir(folder);
}

static void write_nft(const char *body)
{
    FILE *f = fopen(nft, "w");
    assert_non_null(f);
    fprintf(f, "#!/bin/sh\n%s\n", body);
    fclose(f);
    assert_int_equal(chmod(nft, 0755), 0);
}

static int end(struct wr_nftrun *r)
{
    size_t n = 0;
    int err;
    while ((err = wr_nftrun_look(r, said, &n, why)) == WR_E_AGAIN) {
        (void)poll(NULL, 0, 2);
    }
    said[n] = 0;
    assert_int_equal(r->pid, 0);
    return err;
}

static void test_said(void **state)
{
    struct wr_nftrun r;
    write_nft("cat; echo \"$*\"; [ -z \"$HOME\" ] && echo empty");
    assert_int_equal(wr_nftrun_start(&r, nft, "hello\n", 6, why), WR_OK);
    assert_true(r.pid > 0);
    assert_int_equal(end(&r), WR_OK);
    assert_string_equal(said, "hello\n-f -\nempty\n");
}

static void test_refusals(void **state)
{
    struct wr_nftrun r;
    unlink(nft);
    assert_int_equal(wr_nftrun_start(&r, nft, "", 0, why), WR_E_NOTFOUND);
    assert_non_null(strstr(why, nft));
    assert_non_null(strstr(why, "firewall.nft"));
    write_nft("printf 'Error: n\\001o\\nmore'; exit 3");
    assert_int_equal(wr_nftrun_start(&r, nft, "", 0, why), WR_OK);
    assert_int_equal(end(&r), WR_E_FORMAT);
    assert_string_equal(why, "nft refuses: Error: n o");
    write_nft("exec sleep 600");
    assert_int_equal(wr_nftrun_start(&r, nft, "", 0, why), WR_OK);
    r.end_us = 0; /* its time is over */
    assert_int_equal(end(&r), WR_E_TIMEOUT);
}

/* What is said is of one place, of one where something is before others. */
static void test_where(void **state)
{
    const char *path[] = {"/none/nft", nft, "/none/sbin/nft"};
    char want[200];
    write_nft("true");
    assert_ptr_equal(wr_nftrun_first(path, 3, why), nft);
    assert_int_equal(chmod(nft, 0644), 0);
    assert_null(wr_nftrun_first(path, 3, why));
    snprintf(want, sizeof(want), "(%s: Permission denied)", nft);
    assert_non_null(strstr(why, want));
    unlink(nft);
    assert_null(wr_nftrun_first(path, 3, why));
    assert_non_null(strstr(why, "(/none/nft: No such file or directory)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_said, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_where, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
