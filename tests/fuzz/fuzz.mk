# Fuzz targets. As normal tests they run the inputs kept in tests/fuzz/corpora; what a fuzzer finds
# is put there.
#
#   make fuzz-corpora     each target over its corpus; last line "N passed, N failed"
#   make fuzz TIME=60     each target under libFuzzer with ASan and UBSan, TIME seconds each (clang).
#                         New inputs go to $(FUZZ_BUILD)/found/NAME, crashes to $(FUZZ_BUILD)/NAME-*
#   make fuzz-keep        merges what was found into the corpora, only where it reaches new code

FUZZ_TARGETS = decode proto x509 dialogue lane
FUZZ_BUILD  ?= build/libfuzzer
FUZZ_CC     ?= clang
TIME        ?= 60

FUZZ_HEADERS  = $(wildcard src/*/*.h src/*/*.def tests/*/*.h)

# The objects of each target, as in a unit test.
FUZZ_base     = base/bytes base/hash base/pool base/endpoint
FUZZ_facts    = facts/host_name facts/session facts/trace facts/vocabulary facts/mechanism facts/names
FUZZ_decode   = $(FUZZ_base) $(patsubst src/%.c,%,$(wildcard src/decode/*.c))
FUZZ_x509     = base/bytes base/x509
FUZZ_proto    = base/bytes base/hash base/digest base/endpoint facts/names $(patsubst src/%.c,%,$(wildcard src/proto/*.c))
FUZZ_dialogue = facts/host_name base/pool base/x509 $(FUZZ_proto) facts/session facts/trace facts/mechanism verdict/verdict \
                $(patsubst src/%.c,%,$(wildcard src/dialogue/*.c))
FUZZ_lane     = $(sort $(FUZZ_decode) $(FUZZ_facts) $(FUZZ_dialogue) dpi/dpi_none base/pages app/lane app/intake app/talk \
                app/evidence app/evidence_ring base/threads app/ports $(patsubst src/%.c,%,$(wildcard src/flow/*.c)))

$(BUILD)/fuzz/%.o: tests/fuzz/%.c $(BUILD)/config
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests -c -o $@ $<

define fuzz_rules
$(BUILD)/fuzz/$(1): $(BUILD)/fuzz/$(1)_fuzz.o $(BUILD)/fuzz/run_corpus.o $$(FUZZ_$(1):%=$(BUILD)/%.o)
	$$(Q)$$(CC) $$(CFLAGS) $$(NO_LTO) $$(LDFLAGS) -o $$@ $$^ -lcrypto

$(FUZZ_BUILD)/$(1): tests/fuzz/$(1)_fuzz.c $$(FUZZ_$(1):%=src/%.c) $(FUZZ_HEADERS)
	@mkdir -p $(FUZZ_BUILD)/found/$(1)
	$(FUZZ_CC) -std=c11 -D_GNU_SOURCE -Isrc -Itests -O1 -g -fno-omit-frame-pointer \
	    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o $$@ $$(filter %.c,$$^) -lcrypto
endef
$(foreach t,$(FUZZ_TARGETS),$(eval $(call fuzz_rules,$(t))))

fuzz-corpora: $(FUZZ_TARGETS:%=$(BUILD)/fuzz/%)
	@passed=0; failed=0; for t in $(FUZZ_TARGETS); do \
	    last=$$($(BUILD)/fuzz/$$t tests/fuzz/corpora/$$t 2> $(BUILD)/fuzz/$$t.log | tail -n 1); \
	    case "$$last" in *' failed') ;; *) last='0 passed, 1 failed' ;; esac; \
	    set -- $$last; passed=$$((passed + $$1)); failed=$$((failed + $$3)); \
	    test $$3 = 0 || tail -n 40 $(BUILD)/fuzz/$$t.log; \
	done; echo "$$passed passed, $$failed failed"; test $$failed = 0

fuzz: $(FUZZ_TARGETS:%=$(FUZZ_BUILD)/%)
	@for t in $(FUZZ_TARGETS); do echo "--- $$t"; \
	    $(FUZZ_BUILD)/$$t -max_total_time=$(TIME) -timeout=5 -max_len=8192 -print_final_stats=1 \
	        -artifact_prefix=$(FUZZ_BUILD)/$$t- $(FUZZ_BUILD)/found/$$t tests/fuzz/corpora/$$t || exit 1; \
	done

fuzz-keep: $(FUZZ_TARGETS:%=$(FUZZ_BUILD)/%)
	@for t in $(FUZZ_TARGETS); do \
	    $(FUZZ_BUILD)/$$t -merge=1 -max_len=4096 tests/fuzz/corpora/$$t $(FUZZ_BUILD)/found/$$t || exit 1; \
	done; du -sh tests/fuzz/corpora

-include $(wildcard $(BUILD)/fuzz/*.d)
.PHONY: fuzz fuzz-corpora fuzz-keep
