/* SPDX-License-Identifier: Apache-2.0 */
/* weir zones: the zones that the running gateway keeps copies of. */
#include "cli/talk.h"
#include "cli/verb.h"

int wr_cli_zones(int argc, char **argv)
{
    return wr_talk_look("zones",
                        "Shows the zones that are copied from their primaries: serial, age, "
                        "what is done, and what is "
                        "wrong.\nlook NAME asks the primaries for changes now.",
                        argc, argv);
}
