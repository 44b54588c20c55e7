/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Assertions: for what a programmer can get wrong, on in every build.
 *
 * Never for what a stranger can send: a packet, a file, a configuration or an
 * HTTP body gets an error code. A reachable assertion is a vulnerability.
 * Without libc (a device) the program supplies wr_check_fail() itself; the
 * hosted one prints the place and aborts.
 */
#ifndef WR_BASE_CHECK_H
#define WR_BASE_CHECK_H

#define wr_assert(cond)                               \
    do {                                              \
        if (__builtin_expect(!(cond), 0)) {           \
            wr_check_fail(#cond, __FILE__, __LINE__); \
        }                                             \
    } while (0)

#define WR_MUSTCHECK    __attribute__((warn_unused_result))
#define WR_PURE         __attribute__((pure))
#define WR_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Ends the program. Set the handler once, before any thread starts; NULL traps. */
typedef void wr_check_handler(const char *cond, const char *file, int line);
void wr_check_set_handler(wr_check_handler *handler);
_Noreturn void wr_check_fail(const char *cond, const char *file, int line);

#endif
