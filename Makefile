# SPDX-License-Identifier: GPL-2.0-or-later
# Builds everything into build/.
#
#   make all                 libraries, programs, the module, tests and vectors
#   make unit                the test programs below build/tests/
#   make asan                programs and tests with ASan and UBSan, into build/asan/
#   make fuzz                 the libFuzzer programs, with clang, into build/fuzz/
#   make cover               tests and replay programs that count reload_core's lines, into build/cover/
#   make check               runs the unit tests and the simulation through prove
#   make kamailio-headers    fetches the headers that p2psip.so is built with (see ./run deps)
#   make install DESTDIR=    puts programs and module where Debian's Kamailio looks
#
# Which source goes where is said by its folder:
#   reload_core/ROOM/*.c, reload_core/ROOM/*/*.c   libreload_core.a (link/: libreload_link.a)
#   modules/p2psip/*.c                             p2psip.so; the only code that sees Kamailio headers
#   modules/p2psip/protocol*.c, proto/*.c          both halves of the module; no GLib, no Kamailio header
#   modules/p2psip/peer/*.c                        p2psip-peer (all but main.c also as libp2psip_peer.a)
#   tools/reload-peer*.c, tools/peer/*.c           reload-peer
#   tools/reloadctl*.c, tools/ca/*.c               reloadctl (tools/ca also as libca.a)
#   tests/unit/test_*.c, tests/sim/test_*.c        one program each below tests/
#   tests/unit/*.c, tests/sim/*.c, the others      libraries that every test is linked with
#   tests/fuzz/fuzz_*.c                            one replay program each below replay/; make fuzz: libFuzzer
#   tests/bench/bench_*.c, tests/interop/*.c       one program each below bench/ and interop/

SAN ?=
FUZZ ?=
COVER ?=
B := build$(if $(SAN),/asan)$(if $(FUZZ),/fuzz)$(if $(COVER),/cover)
O := $(B)/obj

PKGS := glib-2.0 libxml-2.0 openssl libcurl nice
ifneq ($(MAKECMDGOALS),clean)
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS))
PKG_LIBS := $(shell pkg-config --libs $(PKGS))
endif

OPT ?= -O2 -g
WARN := -Wall -Wextra -Werror
HARDEN := -fstack-protector-strong -fstack-clash-protection -fPIC
LDHARDEN := -Wl,-z,relro,-z,now -Wl,--as-needed
ifeq ($(SAN),)
HARDEN += -D_FORTIFY_SOURCE=2
else
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OPT := -O1 -g
endif
ifneq ($(FUZZ),)
CC := clang
SANFLAGS := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OPT := -O2 -g
HARDEN := -fPIC
endif
ifneq ($(COVER),)
OPT := -O0 -g
HARDEN := -fPIC
COVERFLAGS := --coverage
endif
BASE := -std=gnu11 -D_GNU_SOURCE $(OPT) $(WARN) $(HARDEN) -I.
CORE_CFLAGS := $(BASE) $(SANFLAGS) $(PKG_CFLAGS) $(CFLAGS)
CORE_LDFLAGS := $(SANFLAGS) $(COVERFLAGS) -pthread -pie $(LDHARDEN) $(LDFLAGS)

# --- sources ---
CORE_SRC := $(filter-out reload_core/link/%,$(wildcard reload_core/*/*.c reload_core/*/*/*.c))
LINK_SRC := $(wildcard reload_core/link/*.c reload_core/link/*/*.c)
PROTO_SRC := $(wildcard modules/p2psip/protocol*.c modules/p2psip/proto/*.c)
EDGE_SRC := $(filter-out modules/p2psip/peer/main.c,$(wildcard modules/p2psip/peer/*.c))
CA_SRC := $(wildcard tools/ca/*.c)
UNITLIB_SRC := $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c))
SIMLIB_SRC := $(filter-out tests/sim/test_%,$(wildcard tests/sim/*.c))

RELOAD_PEER_SRC := $(wildcard tools/reload-peer*.c tools/reload_peer*.c tools/peer/*.c)
RELOADCTL_SRC := $(wildcard tools/reloadctl*.c)
EDGE_MAIN := $(wildcard modules/p2psip/peer/main.c)
MODULE_SRC := $(filter-out $(PROTO_SRC),$(wildcard modules/p2psip/*.c))
VECTORS_SRC := $(wildcard tests/vectors/*.c)
TEST_SRC := $(wildcard tests/unit/test_*.c tests/sim/test_*.c)
BENCH_SRC := $(wildcard tests/bench/bench_*.c)
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
FUZZLIB_SRC := $(filter-out tests/fuzz/fuzz_% tests/fuzz/replay.c tests/fuzz/seeds.c,$(wildcard tests/fuzz/*.c))
INTEROP_SRC := $(wildcard tests/interop/*.c)

# --- what is built ---
LIBS := $(B)/libfuzz.a $(if $(UNITLIB_SRC),$(B)/libunit.a) $(if $(SIMLIB_SRC),$(B)/libsim.a) \
	$(if $(EDGE_SRC),$(B)/libp2psip_peer.a) $(if $(CA_SRC),$(B)/libca.a) \
	$(if $(LINK_SRC),$(B)/libreload_link.a) $(B)/libreload_core.a \
	$(if $(PROTO_SRC),$(B)/libp2psip_proto.a)
PROGRAMS := $(if $(filter tools/reload-peer.c,$(RELOAD_PEER_SRC)),$(B)/reload-peer) \
	$(if $(filter tools/reloadctl.c,$(RELOADCTL_SRC)),$(B)/reloadctl) \
	$(if $(EDGE_MAIN),$(B)/p2psip-peer) $(if $(VECTORS_SRC),$(B)/vectors)
MODULE := $(if $(SAN)$(COVER),,$(if $(MODULE_SRC),$(B)/p2psip.so))
TESTS := $(patsubst %.c,$(B)/tests/%,$(notdir $(TEST_SRC)))
BENCHES := $(patsubst %.c,$(B)/bench/%,$(notdir $(BENCH_SRC)))
FUZZERS := $(patsubst %.c,$(B)/replay/%,$(notdir $(FUZZ_SRC)))
INTEROPS := $(patsubst %.c,$(B)/interop/%,$(notdir $(INTEROP_SRC)))

.PHONY: all libs programs replay module unit asan fuzz cover check list-tests kamailio-headers install clean
all: libs programs module unit $(BENCHES) $(INTEROPS) $(FUZZERS) $(B)/seeds
libs: $(LIBS)
programs: $(PROGRAMS)
module: $(MODULE)
unit: $(TESTS)
replay: $(FUZZERS)

asan:
	+@$(MAKE) --no-print-directory SAN=1 programs unit replay

fuzz:
	+@$(MAKE) --no-print-directory FUZZ=1 replay

cover:
	+@$(MAKE) --no-print-directory COVER=1 unit replay

# The test programs that this tree has now; build/tests/ may hold older ones.
list-tests:
	@echo $(TESTS)

check: all
	prove -j2 -e '' $(TESTS)

# --- rules ---
# make V=1 prints the commands, else one word and the target.
Q := $(if $(V),,@)
say = $(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),,@printf '  %-5s %s\n' $(1) $@)

$(O)/reload_core/%.o: CORE_CFLAGS += $(COVERFLAGS)
$(O)/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CORE_CFLAGS) -MMD -MP -c -o $@ $<

# Rewritten only when something in it changes: a new flag or a source that came or went.
written = @mkdir -p $(@D); printf '%s\n' '$(strip $(1))' | cmp -s - $@ || printf '%s\n' '$(strip $(1))' >$@
.PHONY: FORCE
$(O)/flags: FORCE
	$(call written,$(CC) $(CORE_CFLAGS))
define archive
$(O)/$(1).list: FORCE
	$$(call written,$(2))
$(B)/$(1).a: $(patsubst %.c,$(O)/%.o,$(2)) $(O)/$(1).list
	@rm -f $$@
	$$(call say,AR)
	$(Q)$(AR) rcs $$@ $$(filter %.o,$$^)
endef
$(eval $(call archive,libreload_core,$(CORE_SRC)))
$(eval $(call archive,libreload_link,$(LINK_SRC)))
$(eval $(call archive,libp2psip_proto,$(PROTO_SRC)))
$(eval $(call archive,libp2psip_peer,$(EDGE_SRC)))
$(eval $(call archive,libca,$(CA_SRC)))
$(eval $(call archive,libunit,$(UNITLIB_SRC)))
$(eval $(call archive,libsim,$(SIMLIB_SRC)))
$(eval $(call archive,libfuzz,$(FUZZLIB_SRC)))

define linked
$(call say,LINK)
$(Q)$(CC) $(CORE_LDFLAGS) -o $@ $(filter %.o,$^) \
	-Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(PKG_LIBS)
endef
RUNLIBS := $(filter-out $(B)/libfuzz.a $(B)/libunit.a $(B)/libsim.a $(B)/libp2psip_peer.a $(B)/libca.a,$(LIBS))

$(B)/reload-peer: $(RELOAD_PEER_SRC:%.c=$(O)/%.o) $(RUNLIBS)
	$(linked)
$(B)/reloadctl: $(RELOADCTL_SRC:%.c=$(O)/%.o) $(filter $(B)/libca.a,$(LIBS)) $(RUNLIBS)
	$(linked)
$(B)/p2psip-peer: $(EDGE_MAIN:%.c=$(O)/%.o) $(filter $(B)/libp2psip_peer.a,$(LIBS)) $(RUNLIBS)
	$(linked)
$(B)/vectors: $(VECTORS_SRC:%.c=$(O)/%.o) $(LIBS)
	$(linked)
$(B)/tests/%: $(O)/tests/unit/%.o $(LIBS)
	@mkdir -p $(@D)
	$(linked)
$(B)/tests/%: $(O)/tests/sim/%.o $(LIBS)
	@mkdir -p $(@D)
	$(linked)
$(B)/bench/%: $(O)/tests/bench/%.o $(LIBS)
	@mkdir -p $(@D)
	$(linked)
$(B)/interop/%: $(O)/tests/interop/%.o $(LIBS)
	@mkdir -p $(@D)
	$(linked)

# Only in these programs signatures are not computed and keys are fixed: tests/fuzz/signatures.c and
# fixed.c take their place.
FUZZ_WRAP := $(foreach f,$(foreach w,Sign Verify,$(foreach s,Init Update Final,EVP_Digest$w$s)) \
	reload_verify_message reload_verify_stored_data reload_key_generate d2i_X509 X509_verify_cert,-Wl,--wrap=$(f))
$(B)/replay/%: CORE_LDFLAGS += $(FUZZ_WRAP) $(if $(FUZZ),-fsanitize=fuzzer)
$(B)/replay/%: $(O)/tests/fuzz/%.o $(if $(FUZZ),,$(O)/tests/fuzz/replay.o) $(LIBS)
	@mkdir -p $(@D)
	$(linked)

$(B)/seeds: CORE_LDFLAGS += $(FUZZ_WRAP)
$(B)/seeds: $(O)/tests/fuzz/seeds.o $(LIBS)
	$(linked)

# --- the module ---
# Kamailio refuses a module whose version string or list of compile flags is not its own, and its
# headers lay out structures by the same macros: both come from flags.mk, which
# tools/setup/kamailio-headers.sh gets from Kamailio's own configure step. The module itself links
# nothing (modules/p2psip: OpenSSL, GLib and libnice are the business of p2psip-peer).
KSRC := build/kamailio-src
-include $(KSRC)/flags.mk
MODULE_CFLAGS := $(BASE) $(KAMAILIO_DEFS) -DMOD_NAME='"p2psip"' -isystem $(KSRC)/src/src \
	-Wno-unused-parameter $(CFLAGS)
MODULE_EXPORTS := exports module_version module_flags module_interface_ver mod_register

kamailio-headers:
	tools/setup/kamailio-headers.sh $(KSRC)
$(KSRC)/version $(KSRC)/flags.mk &:
	tools/setup/kamailio-headers.sh $(KSRC)

$(O)/modules/p2psip/module-flags: FORCE
	$(call written,$(CC) $(subst ',,$(MODULE_CFLAGS)))
MODULE_OBJ := $(MODULE_SRC:%.c=$(O)/%.o)
$(MODULE_OBJ): $(O)/%.o: %.c $(O)/modules/p2psip/module-flags | $(KSRC)/version
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(MODULE_CFLAGS) -MMD -MP -c -o $@ $<
$(O)/modules/p2psip/module.map: Makefile
	@mkdir -p $(@D)
	@echo '{ global: $(MODULE_EXPORTS:%=%;) local: *; };' >$@
$(B)/p2psip.so: $(MODULE_OBJ) $(filter %/libp2psip_proto.a,$(LIBS)) $(O)/modules/p2psip/module.map
	$(call say,LINK)
	$(Q)$(CC) -shared $(LDHARDEN) -Wl,--version-script=$(O)/modules/p2psip/module.map $(LDFLAGS) \
		-o $@ $(filter %.o %.a,$^)

# --- install ---
DESTDIR ?=
PREFIX ?= /usr
MODULE_DIR ?= $(PREFIX)/lib/$(shell $(CC) -print-multiarch)/kamailio/modules
install: programs module
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(MODULE_DIR) $(DESTDIR)$(PREFIX)/share/p2psip
	install $(filter %/reload-peer %/reloadctl,$(PROGRAMS)) $(DESTDIR)$(PREFIX)/bin/
	install $(filter %/p2psip-peer,$(PROGRAMS)) $(DESTDIR)$(MODULE_DIR)/
	install -m 644 $(MODULE) $(DESTDIR)$(MODULE_DIR)/
	cp -R cfg tools/wireshark $(DESTDIR)$(PREFIX)/share/p2psip/

clean:
	find build -mindepth 1 -maxdepth 1 ! -name kamailio-src -exec rm -rf {} +

.SECONDARY:
-include $(shell find $(O) -name '*.d' 2>/dev/null)
