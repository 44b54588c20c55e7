/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors: the closed list of what can go wrong in a call.
 *
 * A function that can fail returns `int`: 0 (WR_OK) or one of these negative
 * numbers. An error says that a call did not do its work. It is neither a
 * verdict (policy, security status, response class) nor an answer (RCODE and
 * extended error): those have types of their own.
 */
#ifndef WR_BASE_ERR_H
#define WR_BASE_ERR_H

enum wr_err {
    WR_OK = 0,
    WR_E_SHORT = -1,        /* input ends before the thing it promised */
    WR_E_FORMAT = -2,       /* input breaks its format */
    WR_E_RANGE = -3,        /* a number outside its range */
    WR_E_FULL = -4,         /* the caller's buffer, pool or table has no room */
    WR_E_LIMIT = -5,        /* a bound of base/limits.h was reached */
    WR_E_NOMEM = -6,        /* memory was refused */
    WR_E_NOTFOUND = -7,     /* no such thing */
    WR_E_EXISTS = -8,       /* it is there already */
    WR_E_BUSY = -9,         /* somebody else holds it: skipped, not waited for */
    WR_E_AGAIN = -10,       /* nothing now, later perhaps */
    WR_E_STALE = -11,       /* the handle's generation is over */
    WR_E_DENIED = -12,      /* not permitted */
    WR_E_IO = -13,          /* the system refused; errno has the reason */
    WR_E_CLOSED = -14,      /* the other side ended the connection */
    WR_E_TIMEOUT = -15,     /* the deadline passed */
    WR_E_CHECKSUM = -16,    /* content was altered or torn */
    WR_E_VERSION = -17,     /* written by a version that this one cannot read */
    WR_E_UNSUPPORTED = -18, /* known, and not done here */
    WR_E_USAGE = -19,       /* the caller asked for nonsense (command line, API) */
};

/* A short lower-case word for `err`, "unknown" for a number off the list. Static. */
const char *wr_err_name(int err);

#endif
