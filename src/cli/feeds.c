/* SPDX-License-Identifier: Apache-2.0 */
/* weir feeds: the lists of names and addresses that the running gateway has, and how they are. */
#include "cli/talk.h"
#include "cli/verb.h"

int wr_cli_feeds(int argc, char **argv)
{
    return wr_talk_look("feeds",
                        "Shows the lists of `feeds`: how many names and addresses, how old, "
                        "how much memory, which lines were set aside and why, and what is wrong "
                        "with the file now.\nlook NAME looks at its file, or fetches it, now.",
                        argc, argv);
}
