# mailseal - how much e-mail is encrypted in transit
#
#   make                 build/mailseal
#   make check           unit tests, golden captures, SQL, layers (no root, no network)
#   make check-tsan      what has threads under ThreadSanitizer
#   make check-asan      the same under AddressSanitizer and UndefinedBehaviorSanitizer
#   make install         PREFIX=/usr/local DESTDIR=
#   make NDPI=no         without nDPI: mail on odd ports is found by its first lines only
#   make ZSTD=no         without libzstd: captures packed by zstd are refused with a hint
#   make LTO=no          without link-time optimisation: linking takes no time, for who works on it
#   make CMINPACK=no     without cminpack: no adoption curve is fitted
#   make PSL=no          without libpsl: mailseal enrich knows no registrable domains

BUILD    ?= build
CC       ?= cc
PREFIX   ?= /usr/local
CFLAGS   ?= -O2 -g
WARN      = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wswitch-enum -Wmissing-prototypes \
            -Wstrict-prototypes -Wvla -Wwrite-strings $(if $(filter yes,$(WERROR)),-Werror)
HARDEN    = -fstack-protector-strong -D_FORTIFY_SOURCE=2
VERSION   = 0.1.0
# A newer compiler's new warning is no reason not to build.
WERROR   ?= $(if $(filter 12 14,$(shell $(CC) -dumpversion)),yes,no)
PKG_CONFIG ?= pkg-config

ifeq ($(SANITIZE),yes)
override CFLAGS = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
HARDEN    =
endif

ifeq ($(SANITIZE),thread)
override CFLAGS = -O1 -g -fno-omit-frame-pointer -fsanitize=thread
HARDEN    =
endif

NDPI     ?= $(if $(shell $(PKG_CONFIG) --exists libndpi && echo yes),yes,no)
ZSTD     ?= $(if $(shell $(PKG_CONFIG) --exists libzstd && echo yes),yes,no)
CMINPACK ?= $(if $(shell $(PKG_CONFIG) --exists cminpack && echo yes),yes,no)
PSL      ?= $(if $(shell $(PKG_CONFIG) --exists libpsl && echo yes),yes,no)

# Link-time optimisation of the program: a tenth of its instructions. Tests are linked from the same objects without
# it, since each of them would take as long as the program.
LTO      ?= $(if $(SANITIZE)$(findstring coverage,$(CFLAGS)),no,$(if $(findstring Free Software,$(shell $(CC) --version)),yes,no))
ifeq ($(LTO),yes)
LTO_CFLAGS = -flto=auto -ffat-lto-objects
LTO_LINK   = -flto=auto -Wno-error
NO_LTO     = -fno-lto
endif

PKGS      = libpcap sqlite3 zlib libcrypto $(if $(filter yes,$(ZSTD)),libzstd) $(if $(filter yes,$(CMINPACK)),cminpack) $(if $(filter yes,$(PSL)),libpsl)
ALL_CFLAGS  = -std=c11 -D_GNU_SOURCE -Isrc $(WARN) $(HARDEN) $(CFLAGS) $(LTO_CFLAGS) -DMAILSEAL_VERSION='"$(VERSION)"' \
              $(shell $(PKG_CONFIG) --cflags $(PKGS)) $(if $(filter yes,$(ZSTD)),-DHAVE_ZSTD) $(if $(filter yes,$(CMINPACK)),-DHAVE_CMINPACK='"$(shell $(PKG_CONFIG) --modversion cminpack)"') \
              $(if $(filter yes,$(PSL)),-DHAVE_PSL) -MMD -MP
LIBS        = $(shell $(PKG_CONFIG) --libs $(PKGS)) -lm

PAGE_TEXTS = $(BUILD)/page_style.o $(BUILD)/page_shapes.o $(BUILD)/page_words.o
SRC      := $(sort $(wildcard src/*/*.c))
ifeq ($(NDPI),yes)
SRC      := $(filter-out src/dpi/dpi_none.c,$(SRC))
# The headers of nDPI do not compile without warnings, so they count as the system's.
NDPI_CFLAGS = $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags libndpi))
LIBS       += $(shell $(PKG_CONFIG) --libs libndpi)
else
SRC      := $(filter-out src/dpi/dpi_ndpi.c,$(SRC))
endif
OBJ      := $(SRC:src/%.c=$(BUILD)/%.o) $(BUILD)/sql_texts.o $(PAGE_TEXTS)
SQL      := $(sort $(wildcard sql/*/*.sql))

# V=1 shows the whole commands.
Q = $(if $(V),,@)
say = $(if $(V),,@echo "  $(1)")

all: $(BUILD)/mailseal

$(BUILD)/mailseal: $(OBJ)
	$(call say,LD $@)
	$(Q)$(CC) $(CFLAGS) $(LTO_LINK) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/%.o: src/%.c $(BUILD)/config
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(ALL_CFLAGS) $(if $(findstring dpi_ndpi,$<),$(NDPI_CFLAGS)) -c -o $@ $<

$(BUILD)/sql_texts.c: tools/embed-sql $(SQL)
	@mkdir -p $(@D)
	$(Q)sh tools/embed-sql $(SQL) > $@.tmp && mv $@.tmp $@

$(BUILD)/sql_texts.o: $(BUILD)/sql_texts.c $(BUILD)/config
	$(call say,CC $<)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/page_style.c: src/page/style.css
$(BUILD)/page_shapes.c: src/page/shapes.svg
$(BUILD)/page_words.c: src/page/words.html
$(PAGE_TEXTS:.o=.c): $(BUILD)/%.c: tools/embed-text
	@mkdir -p $(@D)
	$(Q)sh tools/embed-text $* $(filter src/%,$^) page/style.h > $@.tmp && mv $@.tmp $@

$(PAGE_TEXTS): $(BUILD)/%.o: $(BUILD)/%.c $(BUILD)/config
	$(call say,CC $<)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# Objects are made again when the compiler or its options change.
CONFIG = $(CC) $(CFLAGS) $(LTO_CFLAGS) NDPI=$(NDPI) ZSTD=$(ZSTD) CMINPACK=$(CMINPACK) PSL=$(PSL) $(VERSION)
$(BUILD)/config: FORCE
	@mkdir -p $(@D)
	@echo '$(CONFIG)' | cmp -s - $@ || echo '$(CONFIG)' > $@

install: $(BUILD)/mailseal
	install -D -m 755 $(BUILD)/mailseal $(DESTDIR)$(PREFIX)/bin/mailseal
	install -D -m 644 doc/mailseal.1 $(DESTDIR)$(PREFIX)/share/man/man1/mailseal.1
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/mailseal/sql/reports sql/reports/*.sql
	install -D -m 644 dist/mailseal.conf $(DESTDIR)$(PREFIX)/share/mailseal/mailseal.conf
	install -D -m 644 dist/mailseal.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/mailseal.conf
	install -d -m 755 $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|@BINDIR@|$(PREFIX)/bin|' dist/mailseal.service.in > $(DESTDIR)$(PREFIX)/lib/systemd/system/mailseal.service
	chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/system/mailseal.service

clean:
	rm -rf build

FORCE:
.PHONY: all install clean FORCE

include tests/tests.mk
include tools/bench/bench.mk
-include $(OBJ:.o=.d)
