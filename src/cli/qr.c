/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/qr.h"

#include <qrencode.h>

#define QUIET 4 /* modules around the code */

/* Whether a module is dark; those around the code are not. */
static bool is_dark(const QRcode *code, int x, int y)
{
    return x >= 0 && y >= 0 && x < code->width && y < code->width &&
           (code->data[y * code->width + x] & 1);
}

bool wr_qr_print(const char *text, bool colours, FILE *out)
{
    /* Upper and lower half: what is drawn is white. */
    static const char *const half[2][2] = {{"\u2588", "\u2580"}, {"\u2584", " "}};
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);

    if (!code)
        return false;
    for (int y = -QUIET; y < code->width + QUIET; y += 2) {
        if (colours)
            fputs("\033[40;97m", out);
        for (int x = -QUIET; x < code->width + QUIET; x++)
            fputs(half[is_dark(code, x, y)][is_dark(code, x, y + 1)], out);
        fputs(colours ? "\033[0m\n" : "\n", out);
    }
    QRcode_free(code);
    return true;
}
