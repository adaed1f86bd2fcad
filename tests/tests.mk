# What `make check` runs, all without root and network: the house rules of the source, the unit tests
# (those of SQL among them), the golden captures, a second reading of them, captures derived from them, all of
# them at once, with several lanes, too, and damage of every kind. Each step ends with "N passed, N failed"; the last line of `make check`
# is their sum.
#
#   make check           everything        make check-asan      the same under ASan and UBSan (BRIEF=yes: the most telling)
#   make check-live      real servers and clients with a box in the middle (root, Debian)
#   make check-long      each capture that can be derived from the goldens, not a sample of them; a thousand kills of the
#                        sensor's processes, and 24 hours of it (make sensor-long: these two only)
#   make check-units     unit tests only   make check-goldens   the captures of tests/pcaps only
#   make check-quick     both of these, the house rules, the rules of the verdict and the examples of README.md
#   make check-pages     the page in a headless Chromium, with axe-core; needs `tools/deps pages` and npm's registry
#   make check-tsan      the queues and the lanes under ThreadSanitizer
#   make check-sensor   the sensor on network interfaces (root)
#   make coverage        which lines no test runs; fails below 95 % of decode, flow, proto, dialogue, verdict
#
# tests/unit/X_test.c says in its first comment which objects of $(BUILD) it links, as in
#   links: base/bytes.o proto/line.o
# If it needs many, the layering is wrong.

LOGS     = $(BUILD)/check
comma    = ,
# Databases are synced to the disk many thousand times; in memory that costs nothing.
export TMPDIR := $(shell test -w /dev/shm && echo /dev/shm || echo "$${TMPDIR:-/tmp}")
PYTHON  ?= python3
UNITS   := $(patsubst tests/unit/%_test.c,$(BUILD)/tests/%_test,$(sort $(wildcard tests/unit/*_test.c)))
TEST_LIBS = $(shell $(PKG_CONFIG) --libs cmocka)

# The objects named behind "links:" in the first comment of a test.
links = $(addprefix $(BUILD)/,$(shell awk '{ n = split($$0, w, /[ \t*]+/); \
            for (i = 1; i <= n; i++) { if (w[i] == "links:") on = 1; else if (on && w[i] ~ /\.o$$/) print w[i] } } \
            /\*\// { exit }' tests/unit/$(1)_test.c))

$(BUILD)/tests/%_test.o: tests/unit/%_test.c $(BUILD)/config
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests -c -o $@ $<

.SECONDEXPANSION:
$(UNITS): $(BUILD)/tests/%_test: $(BUILD)/tests/%_test.o $$(call links,$$*)
	$(Q)$(CC) $(CFLAGS) $(NO_LTO) $(LDFLAGS) -o $@ $^ $(TEST_LIBS) $(LIBS)

units: $(UNITS)

# $(call step,NAME,COMMAND): runs it, shows what it says, keeps it for the sum. A command that dies
# without its last line, or leaves with a status but no failure, counts as one failure. How long each took stands in
# $(LOGS)/seconds.
#
# $(with_leaks) before a command: leaks are looked for, which takes most of the time of a short process under
# AddressSanitizer.
check: export ASAN_OPTIONS ?= detect_leaks=0
with_leaks = export ASAN_OPTIONS="$$ASAN_OPTIONS:detect_leaks=1";
define step
	@mkdir -p $(LOGS); echo '--- $(1)'; start=$$(date +%s); status=0; ( $(2) ) > $(LOGS)/$(1) 2>&1 || status=$$?; \
	last=$$(tail -n 1 $(LOGS)/$(1)); \
	echo "$$last" | grep -qEx '[0-9]+ passed, [0-9]+ failed' || last='0 passed, 1 failed'; \
	case $$status$$last in 0*|*' passed, '[1-9]*) ;; *) last='0 passed, 1 failed' ;; esac; \
	test $$status = 0 && { grep '^skipped: ' $(LOGS)/$(1); tail -n 1 $(LOGS)/$(1); } || cat $(LOGS)/$(1); \
	echo "$$last" >> $(LOGS)/sum; echo "$$(($$(date +%s) - start)) s $(1)" >> $(LOGS)/seconds
endef

# A step that sanitizers have nothing to do with, or in which they take too long; one that `tools/check` leaves out of
# its run under them (BRIEF=yes), since what it shows of the memory the others show.
plain_step = $(if $(filter yes,$(SANITIZE)),,$(call step,$(1),$(2)))
long_step = $(if $(filter yes,$(BRIEF)),,$(call step,$(1),$(2)))

# One line for each unit test program; its own output only when something in it failed.
define run_units_of
	passed=0; failed=0; for t in $(1); do \
	    if $$t > $$t.log 2>&1; then bad=0; else bad=1; fi; \
	    p=$$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' $$t.log | awk '{ n += $$1 } END { print n + 0 }'); \
	    f=$$(sed -n 's/^\[  FAILED  \] \([0-9]*\) test(s), listed below.*/\1/p' $$t.log | awk '{ n += $$1 } END { print n + 0 }'); \
	    if test $$bad = 1; then test $$f -gt 0 || f=1; cat $$t.log; echo "$$t failed"; fi; \
	    if test $$bad = 0 && test $$p = 0; then f=1; echo "$$t ran no test"; fi; \
	    passed=$$((passed + p)); failed=$$((failed + f)); \
	done; echo "$$passed passed, $$failed failed"; test $$failed = 0
endef

include tests/metamorphic/metamorphic.mk

check: $(BUILD)/mailseal units $(METAMORPHIC_BIN)
	@rm -rf $(LOGS)
	$(call step,layers,sh tools/check-layers)
	$(call step,layers-self-test,sh tools/check-layers --self-test)
	$(call step,units,$(with_leaks) $(call run_units_of,$(UNITS)))
	$(call step,goldens,$(PYTHON) tests/golden.py --bin $(BUILD)/mailseal --seen $(LOGS)/seen --sessions $(LOGS)/sessions.json $(if $(filter yes,$(SANITIZE)),--every 6))
	$(call plain_step,reading,$(PYTHON) tests/reading/check.py --bin $(BUILD)/mailseal)
	$(call step,explain,$(PYTHON) tests/explain.py --bin $(BUILD)/mailseal --every $(if $(filter yes,$(SANITIZE)),80,6))
	$(call step,curve,$(PYTHON) tests/curve.py --bin $(BUILD)/mailseal)
	$(if $(filter no,$(CMINPACK)),,$(call long_step,readme,$(PYTHON) tests/readme.py --bin $(BUILD)/mailseal))
	$(call step,page,$(with_leaks) $(PYTHON) tests/page.py --bin $(BUILD)/mailseal)
	$(call step,damage,$(PYTHON) tests/damage.py --bin $(BUILD)/mailseal)
	$(call plain_step,damage-lanes,$(PYTHON) tests/damage.py --bin $(BUILD)/mailseal --lanes 3 captures files)
	$(call plain_step,secrets,$(MAKE) --no-print-directory secrets)
	$(call plain_step,secrets-lanes,$(MAKE) --no-print-directory secrets SECRETS_LANES=2 SECRETS_EVERY=30)
	$(call plain_step,secrets-evidence,$(MAKE) --no-print-directory secrets SECRETS_WRITE=--write SECRETS_EVERY=40)
	$(call plain_step,rules,sh tools/check-rules $(LOGS)/seen)
	$(call step,metamorphic,$(METAMORPHIC_BIN) --every $(METAMORPHIC_EVERY) tests/pcaps)
	$(call step,metamorphic-recorded,$(METAMORPHIC_BIN) --every $(METAMORPHIC_EVERY)0 tests/pcaps tests/pcaps/recorded)
	$(call step,fuzz-corpora,$(with_leaks) $(MAKE) --no-print-directory fuzz-corpora)
	$(call step,interleave,$(PYTHON) tests/interleave.py --bin $(BUILD)/mailseal --alone $(LOGS)/sessions.json)
	$(if $(filter yes,$(SANITIZE)),@echo '--- limits and floods: skipped: bytes and instructions are not those of this build',$(call step,limits,$(MAKE) --no-print-directory limits))
	$(call plain_step,floods,$(MAKE) --no-print-directory floods)
	$(call step,lanes,$(with_leaks) $(PYTHON) tests/lanes.py --bin $(BUILD)/mailseal $(if $(filter yes,$(SANITIZE)),--lanes 0$(comma)3))
	$(call long_step,benign,$(PYTHON) tests/live/benign.py --quick --sessions 1000 --bin $(BUILD)/mailseal)
	$(call long_step,history,$(with_leaks) $(PYTHON) tests/history.py --bin $(BUILD)/mailseal)
	$(call long_step,rejudge,$(PYTHON) tests/rejudge.py --bin $(BUILD)/mailseal)
	$(call step,monitor,$(with_leaks) $(PYTHON) tests/monitor.py --bin $(BUILD)/mailseal $(if $(filter yes,$(SANITIZE)),--sanitized))
	$(call long_step,evidence,$(PYTHON) tests/evidence.py --bin $(BUILD)/mailseal)
	$(call long_step,storage,$(PYTHON) tests/storage.py --bin $(BUILD)/mailseal)
	$(call long_step,kills,$(PYTHON) tests/kills.py --bin $(BUILD)/mailseal)
	$(call long_step,reports,$(PYTHON) tests/reports.py --bin $(BUILD)/mailseal)
	$(call long_step,incidents,$(PYTHON) tests/incidents.py --bin $(BUILD)/mailseal)
	$(call long_step,locate,$(PYTHON) tests/locate.py --bin $(BUILD)/mailseal)
	$(call long_step,allow,$(PYTHON) tests/allow.py --bin $(BUILD)/mailseal)
	$(call long_step,doctor,$(PYTHON) tests/doctor.py --bin $(BUILD)/mailseal)
	$(call step,enrich,$(PYTHON) tests/enrich.py --bin $(BUILD)/mailseal)
	$(call long_step,addresses,$(MAKE) --no-print-directory addresses)
	$(call long_step,manners,$(PYTHON) tests/manners.py --bin $(BUILD)/mailseal)
	@awk '{ p += $$1; f += $$3 } END { printf "%d passed, %d failed\n", p, f; exit f > 0 }' $(LOGS)/sum

# A thousand kills take ten minutes, a day less than one; of the days one has the same clients all the time, one new ones.
check-long: sensor-long
sensor-long: $(BUILD)/mailseal
	@$(PYTHON) tests/kills.py --bin $(BUILD)/mailseal --kills 1000
	@$(PYTHON) tests/storage.py --bin $(BUILD)/mailseal alone
	@$(PYTHON) tests/day.py --bin $(BUILD)/mailseal
	@$(PYTHON) tests/day.py --bin $(BUILD)/mailseal --clients 0

check-quick: $(BUILD)/mailseal units
	@rm -rf $(LOGS)
	$(call step,layers,sh tools/check-layers)
	$(call step,units,$(call run_units_of,$(UNITS)))
	$(call step,goldens,$(PYTHON) tests/golden.py --bin $(BUILD)/mailseal --seen $(LOGS)/seen)
	$(call step,rules,sh tools/check-rules $(LOGS)/seen)
	$(if $(filter no,$(CMINPACK)),,$(call step,readme,$(PYTHON) tests/readme.py --bin $(BUILD)/mailseal))
	@awk '{ p += $$1; f += $$3 } END { printf "%d passed, %d failed\n", p, f; exit f > 0 }' $(LOGS)/sum

check-units: units
	@rm -rf $(LOGS)
	$(call step,units,$(call run_units_of,$(UNITS)))
	@test "$$(awk '{ f += $$3 } END { print f }' $(LOGS)/sum)" = 0

check-goldens: $(BUILD)/mailseal
	@$(PYTHON) tests/golden.py --bin $(BUILD)/mailseal

check-asan:
	@$(MAKE) --no-print-directory BUILD=build/asan SANITIZE=yes check

# Races: the queues, and analyses with several threads. A race gives another status, and a report in what is said.
check-tsan:
	@$(MAKE) --no-print-directory BUILD=build/tsan SANITIZE=thread check-threads

check-threads: $(BUILD)/mailseal $(BUILD)/tests/threads_test
	@rm -rf $(LOGS)
	$(call step,units,$(call run_units_of,$(BUILD)/tests/threads_test))
	$(call step,lanes,$(PYTHON) tests/lanes.py --bin $(BUILD)/mailseal)
	@awk '{ p += $$1; f += $$3 } END { printf "%d passed, %d failed\n", p, f; exit f > 0 }' $(LOGS)/sum

# Root: network namespaces, veth and tcpdump.
check-sensor: $(BUILD)/mailseal
	@$(PYTHON) tests/sensor.py --bin $(BUILD)/mailseal
	@$(PYTHON) tests/doctor.py --live --bin $(BUILD)/mailseal

coverage:
	@rm -f build/coverage/*/*.gcda
	@$(MAKE) --no-print-directory BUILD=build/coverage CFLAGS='-O0 -g --coverage' HARDEN= check
	@$(PYTHON) tools/coverage build/coverage

# Not a part of tools/check: Chromium is 120 MB to fetch, 400 MB to install.
AXE = $(BUILD)/axe/node_modules/axe-core/axe.min.js
$(AXE):
	@mkdir -p $(BUILD)/axe
	$(Q)npm install --silent --no-save --ignore-scripts --prefix $(BUILD)/axe axe-core@4 > $(BUILD)/axe/log 2>&1 || \
	    { cat $(BUILD)/axe/log; exit 1; }

check-pages: $(BUILD)/mailseal $(AXE)
	@$(PYTHON) tests/page/browser.py --bin $(BUILD)/mailseal --axe $(AXE) --pictures $(BUILD)/pages

include tests/fuzz/fuzz.mk
include tests/secrets/secrets.mk
include tests/live/live.mk
include tests/limits/limits.mk

-include $(UNITS:=.d)
.PHONY: sensor-long units check check-pages check-quick check-units check-goldens check-asan check-tsan check-threads check-sensor coverage
