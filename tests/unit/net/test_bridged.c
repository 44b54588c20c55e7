/* SPDX-License-Identifier: Apache-2.0 */
/* With folders that stand for /proc and /sys; what is done about it is in `make demo STORY=fenced` and tests/e2e/firewall.py. */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/bridged.h"

static char root[64];

static int setup(void **state)
{
    strcpy(root, "/tmp/weir-bridged-XXXXXX");
    return mkdtemp(root) == NULL;
}

static void run(const char *format)
{
    char command[512];
    snprintf(command, sizeof(command), "cd %s && %s", root, format);
    assert_int_equal(system(command), 0);
}

static int teardown(void **state)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf -- '%s'", root);
    return system(command);
}

static void test_all(void **state)
{
    assert_false(wr_bridged_is("lo"));
    assert_false(wr_bridged_is("none"));
    run("mkdir -p sys/class/net/br-cam/bridge proc/sys/net/bridge");
    assert_false(wr_bridged_is_filtered(root, "br-cam")); /* there is no such module */
    run("mkdir -p sys/module/br_netfilter");
    assert_true(wr_bridged_is_filtered(root, "br-cam")); /* and nobody says how it is */
    run("echo 0 >proc/sys/net/bridge/bridge-nf-call-iptables; echo 0 "
        ">proc/sys/net/bridge/bridge-nf-call-ip6tables");
    assert_false(wr_bridged_is_filtered(root, "br-cam"));
    run("echo 1 >proc/sys/net/bridge/bridge-nf-call-ip6tables");
    assert_true(wr_bridged_is_filtered(root, "br-cam"));
    run("echo 0 >proc/sys/net/bridge/bridge-nf-call-ip6tables; echo 1 "
        ">sys/class/net/br-cam/bridge/nf_call_iptables");
    assert_true(wr_bridged_is_filtered(root, "br-cam")); /* this bridge alone */
    assert_false(wr_bridged_is_filtered(root, "br-lan"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_all, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
