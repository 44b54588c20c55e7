/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/qmin.h"

#include "base/limits.h"

unsigned wr_qmin_next(unsigned shown, unsigned all, unsigned step)
{
    unsigned left = all > shown ? all - shown : 0;
    if (step >= WR_QMIN_STEPS_MAX || left == 0) {
        return all;
    }
    if (step < WR_QMIN_ONE_LABEL) {
        return shown + 1;
    }
    unsigned steps = WR_QMIN_STEPS_MAX - step;
    return shown + (left + steps - 1) / steps;
}
