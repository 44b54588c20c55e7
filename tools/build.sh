#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds one flavour of weir: tools/build.sh [main|asan|tsan|fuzz|cover|clang|release|deb [TARGET...]]   (default main)
# All of it, or only the named targets of ninja: `src/weir` is the program without its tests, half the time.
# Each flavour has its directory build/<flavour>; build/weir points at the program of `main`.
# With CI=true a warning is an error.
set -euo pipefail
cd "$(dirname "$0")/.."

flavour=${1:-main}
options=(-Dwerror="$([ "${CI:-}" = true ] && echo true || echo false)")
groups=(build) targets=("${@:2}")
case $flavour in
    main) ;;
    asan) options+=("-Db_sanitize=address,undefined" -Doptimization=1) ;;
    tsan)
        options+=(-Db_sanitize=thread -Doptimization=1)
        targets=(all-threads)
        ;;
    cover) options+=(-Db_coverage=true -Doptimization=0) ;;
    # Warnings at link time (LTO) are guesses across files, and differ with the compiler: they are no errors.
    release) options+=(-Dwerror=false -Dbuildtype=release -Db_lto=true -Dtests=false) ;; # the hot path crosses seven folders
    deb) options+=(-Dwerror=false -Dbuildtype=release -Db_lto=true -Dtests=false -Dprefix=/usr -Ddynamic_user=false) ;;
    fuzz)
        options+=(-Dfuzz=true "-Db_sanitize=address,undefined" -Doptimization=1)
        export CC=clang
        groups+=(fuzz)
        targets=(all-fuzzers)
        ;;
    clang)
        options+=(-Dwerror=true)
        export CC=clang
        groups+=(check)
        ;;
    *)
        echo "build.sh: no flavour $flavour" >&2
        exit 2
        ;;
esac
tools/setup.sh "${groups[@]}"

dir=build/$flavour
mkdir -p build
if [ -f "$dir/build.ninja" ]; then
    setup=(meson configure "$dir" "${options[@]}")
else
    setup=(meson setup "$dir" "${options[@]}")
fi
if ! out=$("${setup[@]}" 2>&1 && ninja -C "$dir" build.ninja 2>&1); then
    printf '%s\n' "$out" >&2
    exit 1
fi
log=$dir/ninja.log.txt
if [ ${#targets[@]} -gt 0 ] && ! grep -q "^build ${targets[0]}:" "$dir/build.ninja"; then
    echo "build.sh: nothing is part of ${targets[0]} yet"
    exit 0
fi
if ! ninja -C "$dir" "${targets[@]}" >"$log" 2>&1; then
    grep -vE '^\[[0-9]+/[0-9]+\] (Comp|Link)' "$log" | head -n 80 >&2
    echo "build.sh: $dir failed; all of it is in $log" >&2
    exit 1
fi
grep -E 'warning:' "$log" | head -n 20 >&2 || true
if [ "$flavour" = main ]; then
    ln -sfn main/src/weir build/weir
    [ ! -x build/weir ] || echo "built build/weir ($(build/weir --version 2>/dev/null || echo 'no --version yet'))"
fi
