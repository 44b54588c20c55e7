# SPDX-License-Identifier: Apache-2.0
# Verbs only: each is one line. What they do is in tools/.

.DEFAULT_GOAL := build
.PHONY: build test check demo run sim fuzz bench exam differential attacks browser cover size format install deb deb-test fresh help clean

build:   ## build build/weir (installs missing build tools by apt first)
	@tools/build.sh
test:    ## everything that can be run; last line: N passed, N failed, N skipped
	@tools/test.sh
check:   ## tidy, formatting, clang-tidy, cppcheck, shell and unit lint; runs nothing of weir
	@tools/check.sh
demo:    ## weir at its job in a model Internet, as a story (STORY=name, KEEP=1)
	@tools/build.sh main src/weir && tools/demo.sh
run:     ## weir serve in the foreground, loopback port 5300 (ARGS=...)
	@tools/build.sh main src/weir && tools/run.sh $(ARGS)
sim:     ## the simulator (SEED=n one seed, N=count of seeds)
	@SEED="$(SEED)" N="$(N)" tools/sim.sh
fuzz:    ## the fuzzers (T=name one of them, S=seconds each)
	@T="$(T)" S="$(S)" tools/fuzz.sh
bench:   ## speed against peers and the bare socket, side by side
	@tools/build.sh && tools/bench.sh $(ARGS)
exam:    ## the shared scenario exam of $WEIR_SHARED/exam (default ../shared)
	@tools/build.sh main src/weir && tools/exam.sh
differential: ## the same names of weir, unbound, kresd and pdns-recursor: what they do not agree in
	@tools/build.sh main src/weir && tools/differential.sh "$(NAMES)"
attacks: ## known attacks on weir and its peers, each with a control and a limit (CASE=name)
	@tools/build.sh main src/weir && CASE="$(CASE)" tools/attacks.sh
browser: ## Chromium in secure mode asks weir by DoH (fetches it once, 900 MB)
	@tools/build.sh main src/weir && WEIR=$$PWD/build/weir /usr/bin/python3 tests/e2e/interop_browser.py
cover:   ## line coverage of the tests, per folder
	@/usr/bin/python3 tools/cover.py
size:    ## bytes per folder and of the program, memory at start
	@tools/build.sh && tools/size.sh
format:  ## clang-format over all C files
	@tools/format.sh
install: ## into DESTDIR and PREFIX (default /usr/local)
	@tools/install.sh
deb:     ## a package for this Debian, in build/
	@tools/deb.sh
deb-test: ## installs, upgrades, removes and purges it in a bare SUITE=bookworm|trixie
	@tools/deb-test.sh "$(SUITE)"
fresh:   ## make demo, test and deb-test in a bare SUITE=bookworm|trixie
	@tools/fresh.sh "$(SUITE)"
clean:   ## remove what was built
	@rm -rf build
help:    ## this list
	@sed -n 's/^\([a-z-]*\): *## /\1\t/p' Makefile | expand -t 10
