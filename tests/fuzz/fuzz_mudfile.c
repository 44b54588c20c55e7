/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A MUD file. Promised: what is read lies within its bounds; its words are printable and end; what is refused is refused at a place in the text; what can be written
 * reads back as the same, and is then written as the same.
 */
#include "fuzz.h"

#include "base/err.h"
#include "conf/mudfile.h"
#include "conf/mudwrite.h"
#include "policy/mudtell.h"

static void look(const struct wr_mud *m)
{
    char text[1024];
    struct wr_str s;
    promise(m->aces <= WR_MUD_ACES_MAX && m->texts_used <= WR_MUD_TEXTS_MAX);
    promise(m->validity_h >= 1 && m->validity_h <= WR_MUD_VALIDITY_MAX_H);
    for (uint32_t i = 0; i < m->aces; i++) {
        struct wr_mud_judged j = wr_mudtell_judge(m, &m->ace[i], NULL);
        promise((j.means == WR_MUD_NOT || j.partly) == (j.why != NULL));
        promise(m->ace[i].odd == 0 || j.means == WR_MUD_NOT || m->ace[i].action != WR_MUD_ACCEPT);
        wr_str_init(&s, text, sizeof(text));
        wr_mudtell_words(m, &m->ace[i], &s);
        for (size_t k = 0; k < s.len; k++) {
            promise((unsigned char)text[k] >= ' ' && text[k] != 127);
        }
    }
}

static void again(const struct wr_mud *m)
{
    struct wr_mudfile_mistake mistake;
    struct wr_mud *back = NULL;
    char *text = NULL, *twice = NULL;
    size_t n = 0, n2 = 0;
    uint32_t odd;
    if (wr_mudwrite(m, &text, &n, &odd) != WR_OK) {
        return;
    }
    if (n <= WR_MUD_FILE_MAX) {
        promise(wr_mudfile_read(text, n, &back, &mistake) == WR_OK);
        promise(back->aces == m->aces && back->supported == m->supported);
        promise(wr_mudwrite(back, &twice, &n2, &odd) == WR_OK);
        promise(n2 == n && memcmp(text, twice, n) == 0);
    }
    free(text);
    free(twice);
    wr_mudfile_free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_mudfile_mistake mistake;
    struct wr_mud *m = NULL;
    if (wr_mudfile_read((const char *)data, size, &m, &mistake) != WR_OK) {
        promise(mistake.text[0] != 0 && mistake.line <= size + 1);
        return 0;
    }
    look(m);
    if (m->aces < 64) {
        again(m);
    }
    wr_mudfile_free(m);
    return 0;
}
