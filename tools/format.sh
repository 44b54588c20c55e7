#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# clang-format over every C file; with --check it only says which files differ.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh check
mode=(-i)
[ "${1:-}" != --check ] || mode=(--dry-run -Werror)
mapfile -t files < <(git ls-files -co --exclude-standard -- '*.c' '*.h')
[ ${#files[@]} -eq 0 ] || clang-format "${mode[@]}" "${files[@]}"
