/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every unit test includes: cmocka with the four headers that it must be preceded by.
 * A test program has one group and one main, so that one program is one TAP list:
 *   #include "unit/unit.h"
 *   int main(void) { ... return cmocka_run_group_tests(tests, NULL, NULL); }
 */
#ifndef WEIR_TESTS_UNIT_H
#define WEIR_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
