# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# bash completion of weir. weir itself says what may follow.
_weir()
{
    local word about
    COMPREPLY=()
    while IFS=$'\t' read -r word about; do
        case $word in
            :files) compopt -o default ;;
            *=) COMPREPLY+=("$word") && compopt -o nospace ;;
            *) COMPREPLY+=("$word") ;;
        esac
    done < <(weir help --complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    : "$about"
}
complete -F _weir weir
