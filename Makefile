# linnet: `make run` sets up, builds and runs the quickstart; `make test` sets up, builds and runs the tests.

PREFIX    ?= /usr/local
DESTDIR   ?=
BUILD     ?= build
CC        ?= cc
VERSION   := $(shell sed -n 's/^\#define LINNET_VERSION "\(.*\)"/\1/p' src/linnet.h)

# make V=1 shows the commands.
Q   := $(if $(V),,@)
say := @$(if $(V),:,echo ' ')

# The Debian packages, in one list. README.md says what each is for.
packages.build := gcc libc6-dev make pkg-config liblua5.4-dev libopenblas-dev liblapacke-dev librandom123-dev \
                  libzip-dev zlib1g-dev libedit-dev gnuplot-nox
packages.test  := libcmocka-dev lua-busted lua5.4 perl
packages.lint  := clang-format clang-tidy cppcheck lua-check
packages.fuzz  := clang-14 libclang-rt-14-dev
packages.bench := python3-numpy python3-scipy

LIBRARIES := lua5.4 openblas lapacke libedit libzip zlib
CSTD      := -std=c17 -D_GNU_SOURCE
WARN      := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wwrite-strings \
             -Wundef -Wimplicit-fallthrough $(if $(or $(CI),$(WERROR)),-Werror)
OPT       ?= -O3 -g
# Sums are rounded as they are written: the same numbers from any compiler. Nothing asks for floating-point traps;
# keeping them would keep choices between two numbers out of vectors.
CFLAGS    := $(CSTD) $(OPT) $(WARN) -ffp-contract=off -fno-math-errno -fno-trapping-math -fPIC -fvisibility=hidden -Isrc $(SANITIZE)
LDFLAGS   := -Wl,-E $(SANITIZE)

# Each file of src/kernels is compiled once for each of WIDTHS (src/kernels/kernels.h says how they are chosen): base
# alone, unless the compiler knows the others, which $(BUILD)/flags.mk says. In src/kernels/fused it may fuse.
flags.v3  := -march=x86-64-v3
flags.v4  := -march=x86-64-v4 -mprefer-vector-width=512
WIDTHS    := base

sources  := $(sort $(wildcard src/core/*.c src/data/*.c src/network/*.c src/theory/*.c src/lua/*.c src/host/*.c))
cli      := $(sort $(wildcard src/cli/*.c))
embedded := $(filter-out data/README.md,$(sort $(wildcard lua/linnet/*.lua lua/linnet/*/*.lua data/*)))
kernels  := $(sort $(wildcard src/kernels/*.c src/kernels/fused/*.c))
objects   = $(patsubst %.c,$(BUILD)/%.o,$(sources)) $(BUILD)/embedded.o \
            $(foreach width,$(WIDTHS),$(patsubst src/kernels/%.c,$(BUILD)/kernels/$(width)/%.o,$(kernels)))
ctests   := $(patsubst tests/c/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/c/test_*.c)))
luatests := $(sort $(wildcard tests/lua/*_spec.lua))
embeds   := $(patsubst examples/embed/%.c,$(BUILD)/examples/%,$(sort $(wildcard examples/embed/*.c))) \
            $(patsubst examples/modules/%.c,$(BUILD)/examples/%.so,$(sort $(wildcard examples/modules/*.c)))

.DEFAULT_GOAL := all
.SUFFIXES:
.DELETE_ON_ERROR:
.PHONY: all setup setup-test setup-lint run test test-slow fuzz run-fuzzers soak soak-threads bench install uninstall installcheck format lint sanitize tsan coverage valgrind clean help

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

all: $(BUILD)/linnet $(BUILD)/liblinnet.a $(BUILD)/linnet.so $(embeds) ## the command, the library and the embedding examples

setup: ## install what the build needs (Debian packages; asks for root only if one is missing)
	@tools/setup.sh $(packages.build)

setup-test: ## install what the tests need
	@tools/setup.sh $(packages.build) $(packages.test)

setup-lint:
	@tools/setup.sh $(packages.lint)

run: all ## build and run the quickstart: theory and training of the semantic task, and its picture
	$(BUILD)/linnet examples/quickstart.lua

# The flags of the libraries, asked for once and after the set-up. make re-reads itself when it has made this file.
goals := $(or $(MAKECMDGOALS),all)
ifneq ($(filter-out setup setup-test setup-lint format clean help uninstall,$(goals)),)
include $(BUILD)/flags.mk
endif
$(BUILD)/flags.mk: Makefile tools/setup.sh
	@tools/setup.sh $(packages.build)
	@mkdir -p $(@D)
	@echo "LIBRARY_CFLAGS := $$(pkg-config --cflags $(LIBRARIES))" > $@.new
	@echo "LUA_LIBS := $$(pkg-config --variable=libdir lua5.4)/liblua5.4.a -ldl" >> $@.new
	@echo "LIBRARY_LIBS := $$(pkg-config --libs openblas lapacke libzip zlib) -lm" >> $@.new
	@echo "EDIT_LIBS := $$(pkg-config --libs libedit)" >> $@.new
	@for width in v3 v4; do echo | $(CC) $(flags.$$width) -E - >/dev/null 2>&1 || exit 0; done; \
	  echo "WIDTHS := base v3 v4" >> $@.new
	@mv $@.new $@

$(BUILD)/%.o: %.c $(BUILD)/flags.mk
	@mkdir -p $(@D)
	$(say) compile $<
	$(Q)$(CC) $(CFLAGS) $(LIBRARY_CFLAGS) -MMD -MP -c -o $@ $<

define kernel_rule
$(BUILD)/kernels/$(1)/%.o: src/kernels/%.c $(BUILD)/flags.mk
	@mkdir -p $$(@D)
	$$(say) compile $$< for $(1)
	$$(Q)$$(CC) $$(CFLAGS) $$(flags.$(1)) $$(if $$(findstring /fused/,$$<),-ffp-contract=fast) -DLN_WIDTH=$(1) \
	  -MMD -MP -c -o $$@ $$<
endef
$(foreach width,$(WIDTHS),$(eval $(call kernel_rule,$(width))))
$(BUILD)/src/core/kernels.o: CFLAGS += $(if $(filter v4,$(WIDTHS)),-DLN_WIDE_KERNELS)

$(BUILD)/embed: tools/embed.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CSTD) -O1 $(WARN) -o $@ $<

$(BUILD)/embedded.c: $(BUILD)/embed $(embedded)
	$(Q)$(BUILD)/embed $@ $(embedded)

$(BUILD)/embedded.o: $(BUILD)/embedded.c
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<

# What hosts link: one object, in which only the names of linnet.h are left, so that no other can clash with theirs.
$(BUILD)/liblinnet.o: $(objects)
	$(Q)$(CC) -r -nostdlib -o $@ $^
	$(Q)objcopy --wildcard --keep-global-symbol='linnet_*' --keep-global-symbol=luaopen_linnet $@

$(BUILD)/liblinnet.a: $(BUILD)/liblinnet.o
	@rm -f $@
	$(Q)ar rcsD $@ $^

# What the tests link, with all names.
$(BUILD)/internal.a: $(objects)
	@rm -f $@
	$(Q)ar rcsD $@ $^

$(BUILD)/linnet: $(patsubst %.c,$(BUILD)/%.o,$(cli)) $(BUILD)/liblinnet.a
	$(say) link $@
	$(Q)$(CC) -o $@ $^ $(LDFLAGS) $(LUA_LIBS) $(EDIT_LIBS) $(LIBRARY_LIBS)

# The shared library leaves Lua's own names to whoever loads it: a program has one Lua. The module for stock Lua is
# nothing but a way to it, so that C modules, which link to the library too, find the same one.
soname := liblinnet.so.0
$(BUILD)/$(soname): $(objects)
	$(say) link $@
	$(Q)$(CC) -shared -Wl,-soname,$(soname) -o $@ $^ $(SANITIZE) $(LIBRARY_LIBS)
	@ln -sf $(soname) $(BUILD)/liblinnet.so

$(BUILD)/linnet.so: $(BUILD)/$(soname)
	$(say) link $@
	$(Q)$(CC) -shared -o $@ -Wl,--no-as-needed -L$(BUILD) -l:$(soname) -Wl,-rpath,'$$ORIGIN:$$ORIGIN/../..'

$(BUILD)/examples/%: examples/embed/%.c $(BUILD)/liblinnet.a
	@mkdir -p $(@D)
	$(say) link $@
	$(Q)$(CC) $(CFLAGS) $(LIBRARY_CFLAGS) -MMD -MP -o $@ $< $(BUILD)/liblinnet.a $(LDFLAGS) $(LUA_LIBS) $(LIBRARY_LIBS)

# C modules leave linnet's names, too, to what loads them: the command, a host, or liblinnet.so.
$(BUILD)/examples/%.so: examples/modules/%.c src/linnet.h
	@mkdir -p $(@D)
	$(say) link $@
	$(Q)$(CC) $(CFLAGS) $(LIBRARY_CFLAGS) -shared -o $@ $<

$(BUILD)/tests/%: tests/c/%.c $(BUILD)/internal.a | setup-test
	@mkdir -p $(@D)
	$(say) link $@
	$(Q)$(CC) $(CFLAGS) $(LIBRARY_CFLAGS) $$(pkg-config --cflags cmocka) -Itests/c -MMD -MP -o $@ $< \
	  $(BUILD)/internal.a $(LDFLAGS) $(LUA_LIBS) $(LIBRARY_LIBS) $$(pkg-config --libs cmocka)

# One prove run over the C programs and the Lua specs; the specs run in the command that was just built.
test: setup-test all $(ctests) ## build and run all tests
	@LINNET=$(BUILD)/linnet OPENBLAS_NUM_THREADS=1 prove -j2 --exec tests/runner $(ctests) $(luatests)

test-slow: setup-test all ## whole experiments against their published outcome (minutes)
	@LINNET=$(BUILD)/linnet OPENBLAS_NUM_THREADS=1 prove -j2 --exec tests/runner $(sort $(wildcard tests/slow/*_spec.lua))

sanitize: ## the tests under AddressSanitizer, UndefinedBehaviorSanitizer and LeakSanitizer
	@$(MAKE) --no-print-directory BUILD=build/sanitize OPT='-O1 -g' \
	  SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer' test

# OpenBLAS's own threads are none of ours, and not built for it: `test` gives it one.
threaded = $(shell grep -lE 'pthread|workers|ln_parallel' $(1))
tsan: ## the tests that use threads, under ThreadSanitizer (some minutes: every memory access is watched)
	@$(MAKE) --no-print-directory BUILD=build/tsan OPT='-O1 -g' SANITIZE='-fsanitize=thread -fno-omit-frame-pointer' \
	  ctests='$(patsubst tests/c/%.c,build/tsan/tests/%,$(call threaded,tests/c/*.c))' \
	  luatests='$(call threaded,tests/lua/*_spec.lua)' test

# Without optimization, so that a line is a line. Counts of children that a signal ends are lost.
coverage: ## the lines of src/ that the tests reach, by file; fails below 90 %
	@find build/coverage -name '*.gcda' -delete 2>/dev/null || true
	@$(MAKE) --no-print-directory BUILD=build/coverage OPT='-O0 -g' SANITIZE='--coverage -fprofile-update=atomic' test
	@build/coverage/linnet tools/coverage.lua build/coverage 90

valgrind: all ## the quickstart under valgrind
	OPENBLAS_NUM_THREADS=1 valgrind -q --error-exitcode=1 --leak-check=full --errors-for-leak-kinds=definite \
	  $(BUILD)/linnet examples/quickstart.lua

# Each target runs for SECONDS. Its corpus (tests/fuzz/corpus) grows in build/fuzz/corpus; what breaks something is left
# there as crash-*, and named.
SECONDS   ?= 10
fuzzers   := npy npz csv idx gzip network run source arguments
fuzz: ## libFuzzer over file formats, arguments and Lua source: SECONDS=10 each
	@tools/setup.sh $(packages.build) $(packages.fuzz)
	@$(MAKE) --no-print-directory BUILD=build/fuzz CC=clang-14 OPT='-O1 -g' \
	  SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer' run-fuzzers

run-fuzzers: $(patsubst %,$(BUILD)/fuzzers/%,$(fuzzers))
	@for target in $(fuzzers); do \
	  mkdir -p $(BUILD)/corpus/$$target; \
	  $(BUILD)/fuzzers/$$target -max_total_time=$(SECONDS) -max_len=4096 -timeout=30 -rss_limit_mb=4096 -print_final_stats=1 \
	    -artifact_prefix=$(BUILD)/$$target- $(BUILD)/corpus/$$target tests/fuzz/corpus/$$target >$(BUILD)/$$target.log 2>&1 || \
	    { tail -n 40 $(BUILD)/$$target.log; exit 1; }; \
	  sed -n "s/stat::number_of_executed_units: */$$target: executions /p" $(BUILD)/$$target.log; \
	done

$(BUILD)/fuzzers/%: tests/fuzz/%.c tests/fuzz/fuzz.h $(BUILD)/internal.a
	@mkdir -p $(@D)
	$(say) link $@
	$(Q)$(CC) $(CFLAGS) $(LIBRARY_CFLAGS) -o $@ $< $(BUILD)/internal.a $(LDFLAGS) -fsanitize=fuzzer $(LUA_LIBS) $(LIBRARY_LIBS)

$(patsubst %,$(BUILD)/fuzzers/%,npy npz csv idx gzip network run): $(BUILD)/fuzzers/files
	@ln -sf files $@

soak: $(BUILD)/tests/soak ## states in threads, opened and closed, interrupted: SECONDS=10 in all
	@OPENBLAS_NUM_THREADS=1 $(BUILD)/tests/soak $(SECONDS)

soak-threads: ## the same under ThreadSanitizer
	@$(MAKE) --no-print-directory BUILD=build/threads OPT='-O1 -g' SANITIZE=-fsanitize=thread SECONDS=$(SECONDS) soak

bench: all ## benchmarks beside the peers installed, in one run
	@tools/setup.sh $(packages.bench) || echo "Without them the peers' columns stay empty."
	@$(BUILD)/linnet tests/bench/run.lua

# Where things go; linnet.pc finds its folders from its own place, so the whole tree can be moved.
luamodule := lib/lua/5.4/linnet.so
installed := bin/linnet include/linnet.h lib/liblinnet.a lib/$(soname) lib/liblinnet.so $(luamodule) \
             lib/pkgconfig/linnet.pc share/man/man1/linnet.1 share/bash-completion/completions/linnet

define linnet_pc
prefix=$${pcfiledir}/../..
includedir=$${prefix}/include
libdir=$${prefix}/lib

Name: linnet
Description: the mathematics of learning in deep linear networks, in Lua
Version: $(VERSION)
Requires: lua5.4
Requires.private: openblas lapacke libzip zlib
Cflags: -I$${includedir}
Libs: -L$${libdir} -llinnet
Libs.private: -lm
endef
export linnet_pc

install: all ## into PREFIX (default /usr/local), below DESTDIR if given
	install -d $(addprefix $(DESTDIR)$(PREFIX)/,$(sort $(dir $(installed))))
	install -m 755 $(BUILD)/linnet $(DESTDIR)$(PREFIX)/bin/linnet
	install -m 644 src/linnet.h $(DESTDIR)$(PREFIX)/include/linnet.h
	install -m 644 $(BUILD)/liblinnet.a $(BUILD)/$(soname) $(DESTDIR)$(PREFIX)/lib
	ln -sf $(soname) $(DESTDIR)$(PREFIX)/lib/liblinnet.so
	install -m 644 $(BUILD)/linnet.so $(DESTDIR)$(PREFIX)/$(luamodule)
	@printenv linnet_pc > $(DESTDIR)$(PREFIX)/lib/pkgconfig/linnet.pc
	install -m 644 docs/linnet.1 $(DESTDIR)$(PREFIX)/share/man/man1/linnet.1
	install -m 644 tools/completion.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/linnet

uninstall: ## remove what install put there
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/,$(installed))
	@cd $(DESTDIR)$(PREFIX) && rmdir -p $(sort $(dir $(installed))) 2>/dev/null || true # what others use stays

installcheck: all ## install into a folder of its own, use what is there, uninstall
	@tools/installcheck.sh

c_files   = $(shell git ls-files '*.c' '*.h')
checked   = $(filter src/% tools/% examples/%,$(filter %.c,$(c_files)))
# What cppcheck reports because it does not see that fail() never returns and what macros with compound literals mean.
unseen   := objectIndex nullPointerRedundantCheck uninitvar
lua_files = $(shell git ls-files '*.lua')

format: ## lay out the C files
	@tools/setup.sh clang-format
	clang-format -i $(c_files)

lint: setup-lint all ## layout, static checks of C and Lua, and the rule that the numerics know no Lua
	$(Q)clang-format --dry-run -Werror $(c_files)
	$(Q)luacheck --quiet --no-color $(lua_files)
	@printf '%s\n' $(CSTD) -I$(CURDIR)/src $(LIBRARY_CFLAGS) > $(BUILD)/compile_flags.txt
	$(Q)printf '%s\n' $(checked) | xargs -P2 -n8 clang-tidy -p $(BUILD) --quiet 2>/dev/null
	$(Q)cppcheck -q -j2 --error-exitcode=1 --enable=warning,performance $(unseen:%=--suppress=%) -Isrc $(checked)
	@! grep -nE '#include *[<"](lua|lauxlib|lualib)' -r src/kernels src/core src/data src/network src/theory

clean: ## remove what was built
	rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
