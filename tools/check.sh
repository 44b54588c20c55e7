#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make check: every linter, none stops the others; exit 1 if one had something to say.
# Nothing of weir is run.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
tools/setup.sh build test check || exit 1
failed=()

step() {
    local name=$1 out status=0
    shift
    out=$("$@" 2>&1) || status=$?
    if [ "$status" = 0 ]; then
        echo "ok   $name"
    elif [ "$status" = 77 ]; then
        echo "skip $name: $(printf '%s\n' "$out" | tail -n 1)"
    else
        echo "FAIL $name"
        printf '%s\n' "$out" | head -n 60 | sed 's/^/    /'
        failed+=("$name")
    fi
}

tidy() { tools/tidy.py --build build/main; }

clang_tidy() {
    local files
    mapfile -t files < <(git ls-files -- 'src/*.c')
    [ ${#files[@]} -gt 0 ] || return 0
    printf '%s\n' "${files[@]}" |
        xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p build/clang --warnings-as-errors='*' 2>/dev/null
}

cpp_check() {
    cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr -j "$(nproc)" \
        --enable=warning,portability,performance --suppress=missingInclude \
        --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches --suppress=uninitvar \
        --suppress=checkersReport -Isrc -Iinclude src
}

shell_check() {
    local files
    mapfile -t files < <(git ls-files -co --exclude-standard | while read -r f; do
        [ -f "$f" ] && head -n 1 "$f" 2>/dev/null | grep -aqE '^#!.*\b(ba|da)?sh\b' && echo "$f"
    done)
    shellcheck "${files[@]}"
}

python_check() {
    local files
    mapfile -t files < <(git ls-files -co --exclude-standard -- '*.py')
    # Compiled in memory: py_compile would leave its files beside the sources.
    /usr/bin/python3 -c 'import sys
for p in sys.argv[1:]: compile(open(p, encoding="utf-8").read(), p, "exec")' "${files[@]}"
}

unit_check() { tools/unit-lint.sh; }

step "build with gcc" env CI=true tools/build.sh main
step "build with clang" tools/build.sh clang
step tidy tidy
step clang-format tools/format.sh --check
step clang-tidy clang_tidy
step cppcheck cpp_check
step shellcheck shell_check
step python python_check
step "systemd unit" unit_check
if [ ${#failed[@]} -gt 0 ]; then
    echo "check: failed: ${failed[*]}"
    exit 1
fi
echo "check: all clean"
