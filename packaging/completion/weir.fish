# SPDX-License-Identifier: Apache-2.0
# fish completion of weir. weir itself says what may follow.
function __weir_complete
    set -l before (commandline -opc)
    set -l begun (commandline -ct)
    test (count $begun) -gt 0; or set begun ''
    for line in (weir help --complete -- $before[2..-1] $begun 2>/dev/null)
        if string match -q ':files*' -- $line
            __fish_complete_path $begun
        else
            echo $line
        end
    end
end
complete -c weir -f -a '(__weir_complete)'
