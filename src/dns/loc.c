/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "dns/loc.h"

#define EQUATOR       UINT32_C(0x80000000)
#define DEGREE        3600000u /* thousandths of an arc second */
#define MINUTE        60000u
#define ALTITUDE_BASE 10000000 /* centimetres */
#define SIZE_MAX_CM   UINT64_C(9000000000)

static uint32_t angle_of(uint32_t wire)
{
    return wire >= EQUATOR ? wire - EQUATOR : EQUATOR - wire;
}

static void put_angle(struct wr_str *s, uint32_t wire, char positive, char negative)
{
    uint32_t v = angle_of(wire);

    wr_str_u64(s, v / DEGREE);
    wr_str_char(s, ' ');
    wr_str_u64(s, v % DEGREE / MINUTE);
    wr_str_char(s, ' ');
    wr_str_u64(s, v % MINUTE / 1000);
    wr_str_char(s, '.');
    wr_str_u64_pad(s, v % 1000, 3);
    wr_str_char(s, ' ');
    wr_str_char(s, wire >= EQUATOR ? positive : negative);
}

static void put_metres(struct wr_str *s, int64_t cm)
{
    uint64_t v = cm < 0 ? (uint64_t)-cm : (uint64_t)cm;

    if (cm < 0) {
        wr_str_char(s, '-');
    }
    wr_str_u64(s, v / 100);
    wr_str_char(s, '.');
    wr_str_u64_pad(s, v % 100, 2);
    wr_str_char(s, 'm');
}

/* Zero has one form only, and each digit is one. */
static int check_size(uint8_t v)
{
    return v >> 4 > 9 || (v & 15) > 9 || (v >> 4 == 0 && v != 0) ? WR_E_FORMAT : WR_OK;
}

static int64_t size_of(uint8_t v)
{
    int64_t cm = v >> 4;

    for (unsigned power = v & 15; power > 0; power--) {
        cm *= 10;
    }
    return cm;
}

int wr_loc_put_text(struct wr_str *s, const uint8_t rdata[WR_LOC_SIZE])
{
    struct wr_reader r;
    uint32_t latitude, longitude, altitude;

    wr_buf_read_init(&r, rdata + 4, WR_LOC_SIZE - 4);
    latitude = wr_buf_get_u32(&r);
    longitude = wr_buf_get_u32(&r);
    altitude = wr_buf_get_u32(&r);
    if (rdata[0] != 0 || check_size(rdata[1]) || check_size(rdata[2]) || check_size(rdata[3]) ||
        angle_of(latitude) > 90 * DEGREE || angle_of(longitude) > 180 * DEGREE) {
        return WR_E_FORMAT;
    }
    put_angle(s, latitude, 'N', 'S');
    wr_str_char(s, ' ');
    put_angle(s, longitude, 'E', 'W');
    wr_str_char(s, ' ');
    put_metres(s, (int64_t)altitude - ALTITUDE_BASE);
    for (unsigned i = 1; i <= 3; i++) {
        wr_str_char(s, ' ');
        put_metres(s, size_of(rdata[i]));
    }
    return WR_OK;
}

/* A number with up to `digits` places behind the point, as a whole number of the smallest place. */
static int read_fixed(const char *text, size_t n, unsigned digits, uint64_t max, uint64_t *ret)
{
    uint64_t v = 0;
    unsigned after = 0;
    bool point = false;

    if (n == 0 || n > 20) {
        return WR_E_FORMAT;
    }
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '.' && !point && i > 0) {
            point = true;
            continue;
        }
        if (text[i] < '0' || text[i] > '9' || (point && after == digits)) {
            return WR_E_FORMAT;
        }
        after += point;
        v = v * 10 + (uint64_t)(text[i] - '0');
        if (v > max) {
            return WR_E_RANGE;
        }
    }
    for (; after < digits; after++) {
        v *= 10;
    }
    *ret = v;
    return v > max ? WR_E_RANGE : WR_OK;
}

/* Degrees, perhaps minutes, perhaps seconds, and the hemisphere. */
static int read_angle(struct wr_lex *lex, unsigned degrees_max, const char *hemispheres,
                      uint32_t *ret, size_t *ret_column)
{
    static const uint32_t units[3] = {DEGREE, MINUTE, 1};
    uint64_t total = 0;

    for (unsigned part = 0; part < 4; part++) {
        struct wr_lex_word word;
        uint64_t v;
        int err = wr_lex_next(lex, &word);

        if (err) {
            return WR_E_SHORT;
        }
        *ret_column = word.column;
        if (part > 0 && word.n == 1 && (word.text[0] | 32) == (hemispheres[0] | 32)) {
            *ret = (uint32_t)(EQUATOR + total);
            return total > (uint64_t)degrees_max * DEGREE ? WR_E_RANGE : WR_OK;
        }
        if (part > 0 && word.n == 1 && (word.text[0] | 32) == (hemispheres[1] | 32)) {
            *ret = (uint32_t)(EQUATOR - total);
            return total > (uint64_t)degrees_max * DEGREE ? WR_E_RANGE : WR_OK;
        }
        if (part == 3) {
            return WR_E_FORMAT;
        }
        err = read_fixed(word.text, word.n, part == 2 ? 3 : 0,
                         part == 0   ? degrees_max
                         : part == 1 ? 59
                                     : 59999,
                         &v);
        if (err) {
            return err;
        }
        total += v * units[part];
    }
    return WR_E_FORMAT;
}

/* Metres, with or without the "m", in centimetres. */
static int read_metres(const struct wr_lex_word *word, uint64_t max, uint64_t *ret)
{
    size_t n = word->n;

    if (n > 0 && (word->text[n - 1] | 32) == 'm') {
        n--;
    }
    return read_fixed(word->text, n, 2, max, ret);
}

static int read_altitude(struct wr_lex *lex, struct wr_writer *w, size_t *ret_column)
{
    struct wr_lex_word word;
    uint64_t cm;
    bool below;
    int err;

    if (wr_lex_next(lex, &word)) {
        return WR_E_SHORT;
    }
    *ret_column = word.column;
    below = word.n > 0 && word.text[0] == '-';
    word.text += below;
    word.n -= below;
    err = read_metres(&word, below ? ALTITUDE_BASE : UINT32_MAX - ALTITUDE_BASE, &cm);
    if (!err) {
        wr_buf_put_u32(w, (uint32_t)(below ? ALTITUDE_BASE - cm : ALTITUDE_BASE + cm));
    }
    return err;
}

/* Rounded down to one digit. */
static uint8_t size_to_wire(uint64_t cm)
{
    unsigned power = 0;

    while (cm >= 10) {
        cm /= 10;
        power++;
    }
    return (uint8_t)(cm << 4 | power);
}

/* Size and precisions: each may be missing with all behind it (RFC 1876 section 3: 1 m, 10 km, 10 m). */
static int read_sizes(struct wr_lex *lex, uint8_t sizes[3], size_t *ret_column)
{
    for (unsigned i = 0; i < 4; i++) {
        struct wr_lex_word word;
        uint64_t cm;
        int err = wr_lex_next(lex, &word);

        if (err == WR_E_NOTFOUND) {
            return WR_OK;
        }
        if (err || i == 3) {
            return WR_E_FORMAT;
        }
        *ret_column = word.column;
        err = read_metres(&word, SIZE_MAX_CM, &cm);
        if (err) {
            return err;
        }
        sizes[i] = size_to_wire(cm);
    }
    return WR_OK;
}

int wr_loc_read_text(struct wr_lex *lex, struct wr_writer *w, size_t *ret_column)
{
    uint8_t sizes[3] = {0x12, 0x16, 0x13};
    uint32_t latitude, longitude;
    size_t sizes_at = w->pos + 1;
    int err;

    wr_buf_put_u32(w, 0);
    err = read_angle(lex, 90, "NS", &latitude, ret_column);
    if (!err) {
        wr_buf_put_u32(w, latitude);
        err = read_angle(lex, 180, "EW", &longitude, ret_column);
    }
    if (!err) {
        wr_buf_put_u32(w, longitude);
        err = read_altitude(lex, w, ret_column);
    }
    if (!err) {
        err = read_sizes(lex, sizes, ret_column);
    }
    if (err || w->err) {
        return err ? err : w->err;
    }
    for (unsigned i = 0; i < 3; i++) {
        w->base[sizes_at + i] = sizes[i];
    }
    return WR_OK;
}
